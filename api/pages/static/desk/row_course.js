/**
 * One row on its way into the book: what to send next, and what the answers mean; as `api/importing/row_progress.py`.
 *
 *     enterprise ──► pledge ──► publication          then, where the row says so: assessment
 *
 * All of a row's statements go in one batch, in this order. Two things make another round necessary: the publication's
 * code was taken, or the content was registered before under another statement, which has to be looked at (`meet`).
 */

import { hex, sha256 } from "../verify/bytes.js";
import { Malformed, VerificationError } from "../verify/errors.js";
import { decodeEvent } from "../verify/events.js";
import { canonical } from "../verify/json.js";
import { parseStatement } from "../verify/statement.js";
import { shanghaiDay } from "./row_scribe.js";

/** @typedef {import("./row_scribe.js").Row} Row */
/** @typedef {import("./row_scribe.js").RowScribe} RowScribe */
/** @typedef {import("./row_scribe.js").SignedItem} SignedItem */
/** @typedef {import("./service.js").Answer} Answer */
/** @typedef {{rule: string, zh: string, en: string}} Reason */
/** @typedef {{status: string, reasons: Reason[], entries: number[], code: string | null}} Fate */
/** @typedef {"enterprise" | "content" | "publication"} Step */

const [ROUNDS_MAX, SERIALS_TRIED] = [32, 16];
const AGAIN_RULES = new Set(["busy", "unavailable", "too-many-requests"]);
const NOT_COMPARED = ["evidence", "effective_on", "late_ground"]; // where and when it was read and recorded

export class RowCourse {
  /**
   * @param {Row} row @param {{register: boolean, assessed?: string}} what `register`: the enterprise is entered first;
   *     `assessed`: the assessment of the pledge of this code, not the pledge
   */
  constructor(row, { register, assessed }) {
    this.row = row;
    this.assessed = assessed ?? null;
    /** @type {Fate | null} */
    this.fate = null;
    /** The entry that has to be given to `meet` before the next round. @type {number | null} */
    this.wants = null;
    this.busy = false;
    this.registers = register;
    this.contentDue = true;
    /** @type {string | null} */
    this.contentId = null;
    /** @type {number | null} */
    this.oldEntry = null;
    /** @type {number | null} */
    this.oldPublication = null;
    /** @type {string | null} */
    this.code = null;
    this.late = false;
    this.same = false;
    this.published = assessed !== undefined;
    this.probe = 0;
    this.rounds = 0;
    this.fresh = false;
    /** @type {number[]} */
    this.entries = [];
    /** @type {[Step, SignedItem][]} */
    this.sent = [];
    /** The same bytes, if sent again. @type {Map<string, SignedItem>} */
    this.made = new Map();
  }

  /** What to send in this round; nothing where the row's fate is known, or `wants` comes first. @param {RowScribe} scribe
   *  @returns {Promise<SignedItem[]>} */
  async items(scribe) {
    this.sent = [];
    const wasBusy = this.busy;
    this.busy = false;
    this.rounds += 1;
    if (this.fate !== null || this.wants !== null) return [];
    if (this.rounds > ROUNDS_MAX) {
      if (wasBusy) this.leave("服务一直繁忙", "the service stays busy");
      else this.#end("refused", { rule: "import.rounds", zh: "多次尝试后仍未成功", en: "did not succeed in many rounds" });
      return [];
    }
    try {
      if (this.registers) await this.#add("enterprise", "", () => scribe.enterprise(this.row));
      if (this.contentDue) await this.#add("content", String(this.late), () => this.#content(scribe));
      if (!this.published) {
        const pledge = this.contentId ?? this.sent[this.sent.length - 1][1].id;
        await this.#add("publication", `${pledge} ${this.probe}`, () =>
          scribe.publication(this.row, pledge, this.probe),
        );
      }
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      this.sent = [];
      const [zh, en] = [`无法成为声明：${error.zh}`, `makes no statement: ${error.en}`];
      this.#end("refused", { rule: "statement.malformed", zh, en });
    }
    return this.sent.map(([, item]) => item);
  }

  /** What the service said to `items`, in order. @param {Answer[]} answers @param {RowScribe} scribe */
  take(answers, scribe) {
    for (const [place, [step, item]] of this.sent.entries()) {
      const answer = answers[place];
      if (AGAIN_RULES.has(answer.rule)) {
        this.busy = true;
        return; // what came after it was judged without it: all of that is sent again
      }
      if (answer.status === "pending") {
        const [zh, en] = ["在待发布区等候，未登记", "waits at the desk; it is not registered"];
        this.#end("flagged", { rule: "import.pending", zh, en });
      } else if (step === "enterprise") this.#takeEnterprise(answer);
      else if (step === "content") this.#takeContent(item, answer);
      else this.#takePublication(answer, scribe);
      if (this.fate !== null) return;
    }
    this.#settle();
  }

  /** Looks at the entry that was wanted: does it say what this row says? @param {RowScribe} scribe
   *  @param {Uint8Array} data the signed statement @param {() => Promise<Uint8Array | null>} body null where it is not public */
  async meet(scribe, data, body) {
    const wanted = this.wants;
    this.wants = null;
    const old = parseStatement(data);
    if (wanted === this.oldPublication) {
      this.code = await this.#publishedAs(scribe, old);
      this.oldPublication = null;
      return this.#settle();
    }
    let closed = false;
    if (!this.same) {
      const made = old.commitment === null ? [] : await scribe.sealedPayloads(this.row, this.assessed, shanghaiDay(old.iat));
      if (made.includes(hex(await sha256(old.payload)))) this.same = true;
      else {
        const content = old.commitment === null ? null : await body();
        closed = old.commitment !== null && content === null;
        this.same = !closed && bare(await decodeEvent(old, content)) === bare(this.#said());
      }
    }
    if (this.same) {
      this.contentId = hex(await sha256(data));
      return this.#settle();
    }
    const hidden = closed
      ? ["，或来自另一名单（正文不公开，无法比较）", ", or from another file: its body is not public"]
      : ["", ""];
    this.#end("flagged", {
      rule: "import.other_content",
      zh: `以前已登记为第 ${this.oldEntry} 条，内容不同${hidden[0]}`,
      en: `registered before as entry ${this.oldEntry} with other content${hidden[1]}`,
    });
  }

  /** The import ends before this row's fate is known. @param {string} zh @param {string} en */
  leave(zh, en) {
    if (this.fate !== null) return;
    const said = { zh: `导入中断，结果未知，请重新导入：${zh}`, en: `the import stopped; run it again: ${en}` };
    this.#end("not sent", { rule: "import.stopped", ...said });
  }

  #said() {
    return this.assessed === null ? this.row.fields.pledge : { ...this.row.fields.assessed?.event, code: this.assessed };
  }

  /** @param {RowScribe} scribe */
  #content(scribe) {
    return this.assessed === null ? scribe.pledge(this.row) : scribe.assessment(this.row, this.assessed, this.late);
  }

  /** @param {Step} step @param {string} form @param {() => Promise<SignedItem>} make */
  async #add(step, form, make) {
    const name = `${step} ${form}`;
    const item = this.made.get(name) ?? (await make());
    this.made.set(name, item);
    this.sent.push([step, item]);
  }

  /** @param {Answer} answer */
  #takeEnterprise(answer) {
    if (isRegistered(answer) && answer.entry !== null) this.entries.push(answer.entry);
    if (isRegistered(answer) || isKnown(answer) || answer.rule === "enterprise.already_registered") {
      this.registers = false;
    } else this.#refuse(answer);
  }

  /** @param {SignedItem} item @param {Answer} answer */
  #takeContent(item, answer) {
    if (isRegistered(answer)) {
      this.contentDue = false;
      this.contentId = item.id;
      this.#note(answer);
    } else if (isKnown(answer)) {
      this.contentDue = false;
      this.oldEntry = answer.entry;
      this.same = answer.payloadSha256 === item.payloadSha256;
    } else if (answer.rule === "recording.late" && this.assessed !== null && !this.late) this.late = true;
    else this.#refuse(answer);
  }

  /** @param {Answer} answer @param {RowScribe} scribe */
  #takePublication(answer, scribe) {
    if (isRegistered(answer)) {
      this.published = true;
      this.code = scribe.code(this.row, this.probe);
      this.#note(answer);
    } else if (isKnown(answer)) {
      this.published = true;
      this.oldPublication = answer.entry;
    } else if (answer.rule === "pledge.code_taken" && this.row.fields.given_code === null) this.probe += 1;
    else if (this.contentId !== null) this.#refuse(answer); // else it named our own pledge, which the book has under another id
  }

  #settle() {
    if (this.oldEntry !== null && this.contentId === null) this.wants = this.oldEntry;
    else if (this.contentId !== null && this.published && this.oldPublication !== null) this.wants = this.oldPublication;
    else if (this.contentId !== null && this.published) {
      const given = this.assessed === null ? this.row.fields.given_code : null;
      if (given !== null && this.code !== null && this.code !== given) {
        const [zh, en] = [`账本中的承诺编码为 ${this.code}`, `the book has this pledge under the code ${this.code}`];
        this.#end("flagged", { rule: "import.other_code", zh, en });
      } else this.#end(this.fresh ? "accepted" : "already registered");
    }
  }

  /** The code of an earlier publication; a sealed one is made again as it was then, serial by serial.
   *  @param {RowScribe} scribe @param {import("../verify/statement.js").Statement} old */
  async #publishedAs(scribe, old) {
    if (old.commitment === null) {
      const said = await decodeEvent(old, null);
      return said?.type === "PledgePublished" ? String(said.code) : null;
    }
    const payload = hex(await sha256(old.payload));
    for (let step = 0; step < SERIALS_TRIED; step += 1) {
      const made = await scribe.sealedPublication(this.row, this.contentId ?? "", step, shanghaiDay(old.iat));
      if (made === payload) return scribe.code(this.row, step);
    }
    return null;
  }

  /** A statement of ours is in the book: by this run, unless an earlier one had sent the very same bytes.
   *  @param {Answer} answer */
  #note(answer) {
    if (answer.entry !== null) this.entries.push(answer.entry);
    if (answer.status === "registered" || answer.repeated || this.rounds > 1) this.fresh = true;
  }

  /** @param {Answer} answer */
  #refuse({ rule, zh, en }) {
    this.#end("refused", { rule: rule || "unknown", zh, en });
  }

  /** @param {string} status @param {Reason[]} reasons */
  #end(status, ...reasons) {
    const entries = this.oldEntry === null ? this.entries : [...this.entries, this.oldEntry];
    const known = status === "accepted" || status === "already registered";
    this.fate = { status, reasons, entries, code: known ? this.code : null };
  }
}

/** @param {Answer} answer */
const isRegistered = ({ status }) => status === "registered" || status === "existing";

/** The same (`iss`, `cti`) is in the book, with other bytes. @param {Answer} answer */
const isKnown = ({ rule, entry }) => rule === "statement.cti_taken" && entry !== null;

/** An event without what depends on file, row and day of the import, as text.
 *  @param {import("../verify/json.js").JsonObject | null} event */
function bare(event) {
  if (event === null) throw new Malformed("没有内容", "no event");
  const kept = Object.entries(event).filter(([name]) => !NOT_COMPARED.includes(name));
  return canonical(Object.fromEntries(kept));
}

