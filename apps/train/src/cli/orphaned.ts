/** How often a program looks whether the one that started it is still there. */
const lookMs = 500;

/**
 * Ends this program as `kill` does when the `npm run` that started it is gone without a word (`kill -9`, no memory):
 * nobody could stop it any more. A program that was started in another way lives as long as it likes.
 *
 * @param parent - process number of that program, where it gave one: `DETRKIT_PARENT`
 */
export function endWithParent(parent: string | undefined = process.env["DETRKIT_PARENT"]): void {
  // Programs that this one starts see the variable too, but have another parent.
  if (process.ppid !== Number(parent)) return;
  const watch = setInterval(() => {
    if (process.ppid === Number(parent)) return;
    clearInterval(watch);
    process.kill(process.pid, "SIGTERM");
  }, lookMs).unref();
}
