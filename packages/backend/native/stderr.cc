// A tiny addon of its own, loaded before TensorFlow: libtensorflow greets on stderr from its static initialisers, before
// any log level can be set, so the only way to keep the terminal clean is to point file descriptor 2 elsewhere while it loads.
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <mutex>

namespace {

// Several JavaScript threads may load TensorFlow at the same time: the first one mutes, the last one restores.
std::mutex mutex;
int muted = 0;
int saved_descriptor = -1;

napi_value Mute(napi_env, napi_callback_info) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (muted++ > 0) return nullptr;
  const int nowhere = open("/dev/null", O_WRONLY);
  if (nowhere < 0) return nullptr;
  saved_descriptor = dup(STDERR_FILENO);
  if (saved_descriptor >= 0) dup2(nowhere, STDERR_FILENO);
  close(nowhere);
  return nullptr;
}

napi_value Restore(napi_env, napi_callback_info) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (--muted > 0 || saved_descriptor < 0) return nullptr;
  dup2(saved_descriptor, STDERR_FILENO);
  close(saved_descriptor);
  saved_descriptor = -1;
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value mute, restore;
  napi_create_function(env, "mute", NAPI_AUTO_LENGTH, Mute, nullptr, &mute);
  napi_create_function(env, "restore", NAPI_AUTO_LENGTH, Restore, nullptr, &restore);
  napi_set_named_property(env, exports, "mute", mute);
  napi_set_named_property(env, exports, "restore", restore);
  return exports;
}
