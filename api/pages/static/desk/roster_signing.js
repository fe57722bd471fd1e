/**
 * Takes a roster's rows through the service in batches, as `api/importing/submission.py` does: while one batch is under
 * way the next is signed. A row's fate never depends on another row's; begun again, what is in the book is found there.
 */

import { VerificationError } from "../verify/errors.js";
import { LogEntries } from "./entries.js";
import { RowCourse } from "./row_course.js";
import { batchItem } from "./row_scribe.js";
import { askJson, sendBatch, Stopped } from "./service.js";

/** @typedef {import("./row_course.js").Fate} Fate */
/** @typedef {import("./row_scribe.js").Row} Row */
/** @typedef {import("./row_scribe.js").RowScribe} RowScribe */
/** @typedef {import("./service.js").Answer} Answer */

const [BATCH_ROWS_MAX, BATCH_ITEMS_MAX, BATCH_BYTES_MAX] = [300, 1000, 16 * 1024 * 1024];
const [IDS_MAX, PAUSE_SECONDS, PAUSE_SECONDS_MAX] = [1000, 0.25, 60];

export class RosterSigning {
  /** @param {RowScribe} scribe @param {(done: number) => void} progress of rows whose fate is known
   *  @param {AbortSignal} stop ends it after the batch that is under way */
  constructor(scribe, progress, stop) {
    this.scribe = scribe;
    this.progress = progress;
    this.stop = stop;
    this.done = 0;
    this.log = new LogEntries();
    /** Subjects that this run has entered: the service's view may lag. @type {Set<string>} */
    this.entered = new Set();
    /** Why it ended early. @type {{zh: string, en: string} | null} */
    this.ended = null;
  }

  /** The fate of each row, by its number. @param {Row[]} rows @returns {Promise<Map<number, Fate>>} */
  async run(rows) {
    const fates = await this.#through(rows, (row, known) => new RowCourse(row, { register: !known.has(row.subject) }));
    const assessed = rows.filter(({ fields }) => {
      const fate = fates.get(fields.row);
      return fields.assessed !== null && fate !== undefined && fate.code !== null;
    });
    const course = (/** @type {Row} */ row) => {
      const code = fates.get(row.fields.row)?.code ?? "";
      return new RowCourse(row, { register: false, assessed: code });
    };
    const ended = this.ended;
    const then =
      ended === null
        ? await this.#through(assessed, course)
        : new Map(assessed.map(({ fields }) => [fields.row, unsent(ended)])); // its pledge is there, its assessment is not
    for (const [row, fate] of then) {
      const first = /** @type {Fate} */ (fates.get(row));
      const status = fate.status === "already registered" ? first.status : fate.status;
      fates.set(row, { ...first, status, reasons: fate.reasons, entries: [...first.entries, ...fate.entries] });
    }
    return fates;
  }

  /** @param {Row[]} rows @param {(row: Row, known: Set<string>) => RowCourse} course @returns {Promise<Map<number, Fate>>} */
  async #through(rows, course) {
    /** @type {RowCourse[]} */
    const courses = [];
    /** @type {{chunk: RowCourse[], answers: Promise<Answer[]>} | null} */
    let flight = null;
    try {
      for (let start = 0; start < rows.length; start += BATCH_ROWS_MAX) {
        if (this.stop.aborted) throw new Stopped();
        const part = rows.slice(start, start + BATCH_ROWS_MAX);
        const known = await this.#inBook(part);
        const chunk = part.map((row) => course(row, new Set([...known, ...this.entered])));
        courses.push(...chunk);
        const items = await this.#items(chunk);
        const before = flight;
        flight = null;
        if (before !== null) await this.#land(before.chunk, await before.answers);
        if (this.stop.aborted) throw new Stopped();
        const answers = this.#send(items);
        answers.catch(() => {}); // it is waited for below, or by `land`
        flight = { chunk, answers };
      }
      if (flight !== null) {
        const last = flight;
        flight = null;
        await this.#land(last.chunk, await last.answers);
      }
    } catch (error) {
      this.ended = endedBy(error);
      const { zh, en } = this.ended;
      if (flight !== null) await this.#takeIn(flight);
      for (const one of courses) one.leave(zh, en);
    }
    return new Map(
      rows.map((row, place) => [row.fields.row, courses[place]?.fate ?? unsent(this.ended ?? STOPPED)]),
    );
  }

  /** A batch that was under way when everything ended: its answers, if they still come.
   *  @param {{chunk: RowCourse[], answers: Promise<Answer[]>}} flight */
  async #takeIn({ chunk, answers }) {
    try {
      this.#deliver(chunk, await answers);
    } catch (error) {
      if (!(error instanceof VerificationError || error instanceof Stopped)) throw error;
    }
  }

  /** Hears what became of a batch, and sees its rows through. @param {RowCourse[]} chunk @param {Answer[]} answers */
  async #land(chunk, answers) {
    let pause = PAUSE_SECONDS;
    for (;;) {
      this.#deliver(chunk, answers);
      for (const course of chunk) await this.#look(course);
      if (chunk.some((course) => course.busy)) {
        await waited(pause, this.stop);
        pause = Math.min(pause * 2, PAUSE_SECONDS_MAX);
      }
      const items = await this.#items(chunk);
      if (items.length === 0) break;
      answers = await this.#send(items);
    }
    for (const course of chunk) if (course.fate?.status === "accepted") this.entered.add(course.row.subject);
    this.done += chunk.length;
    this.progress(this.done);
  }

  /** @param {RowCourse} course */
  async #look(course) {
    while (course.wants !== null) {
      const index = course.wants;
      const statement = await this.log.statement(index, this.stop);
      const body = async () => {
        const answer = await fetch(`/entries/${index}/body`, { cache: "no-store" });
        return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : null;
      };
      await course.meet(this.scribe, statement, body);
    }
  }

  /** @param {RowCourse[]} chunk @param {Answer[]} answers */
  #deliver(chunk, answers) {
    let at = 0;
    for (const course of chunk) {
      const count = course.sent.length;
      if (count > 0) course.take(answers.slice(at, at + count), this.scribe);
      at += count;
    }
  }

  /** @param {RowCourse[]} chunk */
  async #items(chunk) {
    const made = await Promise.all(chunk.map((course) => course.items(this.scribe)));
    return made.flat().map(batchItem);
  }

  /** In as few requests as the limits allow. @param {Uint8Array[]} items @returns {Promise<Answer[]>} */
  async #send(items) {
    /** @type {Answer[]} */
    const answers = [];
    /** @type {Uint8Array[]} */
    let part = [];
    let size = 0;
    for (const item of items) {
      if (part.length === BATCH_ITEMS_MAX || (part.length > 0 && size + item.length > BATCH_BYTES_MAX)) {
        answers.push(...(await sendBatch(part, this.stop)));
        [part, size] = [[], 0];
      }
      part.push(item);
      size += item.length;
    }
    if (part.length > 0) answers.push(...(await sendBatch(part, this.stop)));
    return answers;
  }

  /** Which enterprises of these rows the book has. @param {Row[]} rows @returns {Promise<Set<string>>} */
  async #inBook(rows) {
    const subjects = [...new Set(rows.map(({ subject }) => subject))];
    /** @type {Set<string>} */
    const found = new Set();
    for (let start = 0; start < subjects.length; start += IDS_MAX) {
      const part = subjects.slice(start, start + IDS_MAX);
      const { results } = await askJson("/v1/standings/query", { ids: part.map((one) => one.replace(/^uscc:/, "")) });
      for (const [place, result] of results.entries()) if (result.in_book === true) found.add(part[place]);
    }
    return found;
  }
}

const STOPPED = { zh: "已由经办人停止", en: "stopped by the operator" };

/** @param {unknown} error */
function endedBy(error) {
  if (error instanceof Stopped) return STOPPED;
  if (error instanceof VerificationError) return { zh: error.zh, en: error.en };
  throw error;
}

/** @param {{zh: string, en: string}} why @returns {Fate} */
const unsent = ({ zh, en }) => ({
  status: "not sent",
  reasons: [
    {
      rule: "import.stopped",
      zh: `导入中断，本行未发送：${zh}`,
      en: `the import stopped before this row was sent: ${en}`,
    },
  ],
  entries: [],
  code: null,
});

/** @param {number} seconds @param {AbortSignal} stop @returns {Promise<void>} */
function waited(seconds, stop) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    stop.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Stopped());
    });
  });
}
