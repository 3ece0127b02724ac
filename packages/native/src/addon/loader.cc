// A tiny separate addon that loads TensorFlow's libraries before the addon that needs them, which then finds them by
// name, whatever their folder. libtensorflow prints a greeting on stderr from its static initialisers, before any log
// level can be set, so file descriptor 2 is redirected meanwhile.
#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <mutex>
#include <string>

namespace {

// Several JavaScript threads may load TensorFlow at the same time; one of them does it.
std::mutex mutex;

class QuietStderr {
 public:
  QuietStderr() {
    const int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere < 0) return;
    saved_ = dup(STDERR_FILENO);
    if (saved_ >= 0) dup2(nowhere, STDERR_FILENO);
    close(nowhere);
  }
  ~QuietStderr() {
    if (saved_ < 0) return;
    dup2(saved_, STDERR_FILENO);
    close(saved_);
  }

 private:
  int saved_ = -1;
};

// load(path): opens a library permanently. Throws the system loader's message if it fails.
napi_value Load(napi_env env, napi_callback_info info) {
  size_t count = 1, length = 0;
  napi_value argument;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  if (count != 1 || napi_get_value_string_utf8(env, argument, nullptr, 0, &length) != napi_ok) {
    napi_throw_type_error(env, nullptr, "load: a path expected");
    return nullptr;
  }
  std::string path(length, '\0');
  napi_get_value_string_utf8(env, argument, path.data(), length + 1, &length);
  const std::lock_guard<std::mutex> lock(mutex);
  void* library = nullptr;
  {
    const QuietStderr quiet;
    library = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  }
  if (!library) napi_throw_error(env, "ERR_DLOPEN_FAILED", dlerror());
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value load;
  napi_create_function(env, "load", NAPI_AUTO_LENGTH, Load, nullptr, &load);
  napi_set_named_property(env, exports, "load", load);
  return exports;
}
