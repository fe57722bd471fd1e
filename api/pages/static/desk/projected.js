/** Whether pages show yet what was registered: read models follow the log by tenths of a second, or by more. */

import { say } from "./fields.js";

const [BEHIND_SECONDS_MAX, ASK_AGAIN_MS] = [6, 250];

/**
 * Waits, for some seconds at most, until pages show what was registered up to `entry`, and says so in `status`
 * meanwhile. What a page has to add where they do not show it even then; "" where they do.
 *
 * @param {number} entry the last one that was just registered @param {HTMLElement} status @returns {Promise<string>}
 */
export async function untilShown(entry, status) {
  status.textContent = say("已登记，正在更新各页…", "Registered; the pages are being brought up to date…");
  const path = `/v1/enterprises?limit=1&min_tree_size=${entry + 1}`; // answered once read models are so far
  const stop = AbortSignal.timeout(BEHIND_SECONDS_MAX * 1000);
  try {
    while (!stop.aborted) {
      const response = await fetch(path, { cache: "no-store", signal: stop });
      if (response.ok) return "";
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  } catch {
    // no answer in time: it is in the book all the same
  } finally {
    status.textContent = "";
  }
  return say("各页还在更新，稍后打开即可看到。", " The pages are still being brought up to date: they show it in a moment.");
}
