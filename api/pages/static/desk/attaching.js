/**
 * Files attached to an entry that was just registered, such as a reply: each is uploaded, its `AttachmentAdded` built here
 * of what the service answered, shown as its bytes say it, and all are signed and registered by one click.
 */

import { VerificationError } from "../verify/errors.js";
import { element } from "../verify/view.js";
import { atField, byId, during, FieldError, language, say } from "./fields.js";
import { untilShown } from "./projected.js";
import { buildStatement, readStatement, signStatement, submitAll } from "./statement.js";
import { barOf, contentOf, sizeSaid, upload } from "./uploads.js";

/** @typedef {import("./signing.js").SigningKey} SigningKey */
/**
 * @typedef {object} Entry that files are attached to, and who attaches them
 * @property {SigningKey} key
 * @property {string} party
 * @property {string} log
 * @property {string} subject
 * @property {number} entry
 * @property {string} today
 */
/** @typedef {{row: HTMLElement, state: HTMLElement, draft: import("./statement.js").Draft, taken: boolean}} Attached */

/** Offers to attach files to an entry. @param {Entry} to */
export function offerAttachments(to) {
  const [part, status, going] = ["attaching", "attaching-status", "attaching-going"].map((id) => byId(id));
  /** @type {HTMLInputElement} */
  const input = byId("attaching-files");
  /** @type {HTMLButtonElement} */
  const button = byId("attaching-sign");
  /** @type {Attached[]} */
  const attached = [];
  const waiting = () => attached.filter(({ taken }) => !taken);

  async function chosen() {
    const files = [...(input.files ?? [])];
    const most = Number(input.dataset.filesMax);
    if (attached.length + files.length > most) {
      throw new FieldError(input.id, `至多 ${most} 份`, `${most} at most`);
    }
    for (const file of files) {
      await atField(input.id, async () => {
        const content = await contentOf(file, Number(input.dataset.bytesMax));
        status.textContent = say(`正在上传 ${file.name}…`, `Uploading ${file.name}…`);
        attached.push(await prepared(file.name, content));
      });
      list();
    }
    input.value = "";
    status.textContent = "";
  }

  /** Uploaded, its statement built and read. @param {string} name @param {Uint8Array} content
   *  @returns {Promise<Attached>} */
  async function prepared(name, content) {
    const { key, party, log, subject, entry, today } = to;
    const told = await upload(key, party, log, "/v1/attachments", content, barOf(going, "attaching"));
    const { attachment, commitment, media_type, size_bytes } = told;
    const fields = /** @type {import("../verify/json.js").JsonObject} */ ({ attachment, commitment, media_type, size_bytes });
    const draft = await buildStatement(
      key,
      { party, log, subject },
      { ...fields, type: "AttachmentAdded", v: 1, effective_on: today, entry },
    );
    const said = (await readStatement(draft.bytes, draft.body)).content;
    const [row, what] = [element("tr"), element("td")];
    const state = element("td", "", say("已上传，待签名", "uploaded, to be signed"));
    what.dataset.is = say("声明所写", "The statement says");
    state.dataset.is = say("状态", "State");
    what.append(
      element("span", "", `${said.media_type} · ${sizeSaid(Number(said.size_bytes))} · `),
      element("code", "", `${String(said.commitment).slice(0, 16)}…`),
    );
    row.append(element("td", "", name), what, state);
    byId("attaching-rows").append(row);
    return { row, state, draft, taken: false };
  }

  function list() {
    const count = waiting().length;
    byId("attaching-said").hidden = attached.length === 0;
    button.hidden = count === 0;
    byId("attaching-words").textContent =
      count === 0
        ? ""
        : say(
            `以 ${to.party} 的名义，把下列 ${count} 份文件附于第 ${to.entry} 条记录；每份签一次名。账本中只有编号、承诺值、类型和长度。`,
            `As ${to.party}, attach these ${count} files to entry ${to.entry}, each signed by itself. The book has id, commitment, type and length alone.`,
          );
  }

  async function sign() {
    const part = waiting();
    status.textContent = say("正在登记…", "Registering…");
    const items = [];
    for (const { draft } of part) items.push({ statement: await signStatement(to.key, draft), body: null });
    const outcomes = await submitAll(items);
    let last = -1;
    for (const [place, one] of part.entries()) {
      const outcome = outcomes[place];
      if (outcome instanceof VerificationError) one.state.textContent = outcome[language];
      else if (outcome.status !== "pending") {
        one.taken = true;
        one.row.dataset.entry = String(outcome.entry);
        one.state.textContent = say(`已登记为第 ${outcome.entry} 条`, `registered as entry ${outcome.entry}`);
        last = Math.max(last, outcome.entry);
      }
    }
    list();
    status.textContent = last < 0 ? "" : await untilShown(last, status);
  }

  /** Does one thing at a time. @param {() => Promise<void>} work */
  function alone(work) {
    byId("attaching-files-wrong").textContent = "";
    input.removeAttribute("aria-invalid");
    [input.disabled, button.disabled] = [true, true];
    void during(work).finally(() => {
      going.hidden = true;
      [input.disabled, button.disabled] = [false, false];
      if (byId("attaching-files-wrong").textContent !== "") status.textContent = "";
    });
  }

  input.addEventListener("change", () => alone(chosen));
  button.addEventListener("click", () => alone(sign));
  part.hidden = false;
}
