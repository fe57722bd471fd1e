/**
 * PDF files (ISO 32000-1) in the one shape that certificates have: cross-reference tables, objects of their own, nothing
 * encrypted; set once and updated once, by the signature. What is of another shape is refused, by name.
 *
 * Objects of the file, none of what its pages show: that takes a typesetter.
 */

import { concat } from "./bytes.js";
import { Malformed } from "./errors.js";
import { CERTIFICATE_BYTES_MAX } from "./limits.js";

/** @typedef {number | boolean | null | Name | Reference | Quoted | any[] | Dictionary} Value lists are of `Value`s */
/** @typedef {Map<string, any>} Dictionary of `Value`s by name */

const OBJECTS_MAX = 100_000;
const REVISIONS_MAX = 16;
const DEPTH_MAX = 32;
const NUMBER = /^[+-]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})$/;
const REFERENCE = /[ \r\n]+(\d{1,5})[ \r\n]+R(?![^ \t\r\n\f\0/<>[\]()])/y;
const REGULAR = /[^ \t\r\n\f\0/<>[\](){}%]+/y;
const SPACE = /[ \t\r\n\f\0]*/y;
const LATIN = new TextDecoder("latin1");
const END = /startxref\n(\d{1,10})\n%%EOF\n$/;

export class Name {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

export class Reference {
  /** @param {number} to the number of an object */
  constructor(to) {
    this.to = to;
  }
}

/** A string, and where it stands in the file, brackets included. */
export class Quoted {
  /** @param {Uint8Array} data @param {number} start @param {number} end */
  constructor(data, start, end) {
    this.data = data;
    this.start = start;
    this.end = end;
  }
}

/** A file whose objects can be asked for. */
export class Pdf {
  /** Throws `Malformed`. @param {Uint8Array} data */
  constructor(data) {
    if (data.length > CERTIFICATE_BYTES_MAX)
      throw malformed(`一份公告至多 ${CERTIFICATE_BYTES_MAX} 字节`, `at most ${CERTIFICATE_BYTES_MAX} bytes`);
    this.data = data;
    this.latin = latin(data);
    /** @type {Map<number, number>} where each object begins, by its number */
    this.places = new Map();
    /** @type {Dictionary[]} newest first */
    this.trailers = [];
    const end = END.exec(this.latin.slice(-64));
    if (end === null) throw malformed("文件末尾不完整", "it does not end as it must");
    /** @type {number | undefined} */
    let at = Number(end[1]);
    while (at !== undefined) {
      if (this.trailers.length === REVISIONS_MAX) throw malformed("更新次数过多", "too many updates");
      const trailer = this.#table(at);
      if (trailer.has("Encrypt") || trailer.has("XRefStm")) throw malformed("已加密或混合结构", "encrypted, or hybrid");
      this.trailers.push(trailer);
      const before = trailer.get("Prev");
      if (before !== undefined && (typeof before !== "number" || before >= at)) throw malformed("表的次序", "its tables");
      at = before;
    }
  }

  /** What stands behind `value`, if that is a reference. @param {any} value @returns {any} */
  resolve(value) {
    return value instanceof Reference ? this.#object(value.to).value : value;
  }

  /** A dictionary, or what a reference says is one. Throws `Malformed`. @param {any} value @returns {Dictionary} */
  dictionary(value) {
    const found = this.resolve(value);
    if (!(found instanceof Map)) throw malformed("缺少字典", "a dictionary is missing");
    return found;
  }

  /** A list, likewise. @param {any} value @returns {Value[]} */
  list(value) {
    const found = this.resolve(value);
    if (!Array.isArray(found)) throw malformed("缺少列表", "a list is missing");
    return found;
  }

  /** The content of a stream, at most `most` bytes. Throws `Malformed`. @param {any} value @param {number} most
   *  @returns {Promise<Uint8Array>} */
  async stream(value, most) {
    if (!(value instanceof Reference)) throw malformed("缺少流", "a stream is missing");
    const { value: about, end } = this.#object(value.to);
    const length = about instanceof Map ? about.get("Length") : undefined;
    const begin = /^\s{0,2}stream\r?\n/.exec(this.latin.slice(end, end + 12));
    if (begin === null || typeof length !== "number" || !Number.isInteger(length) || length < 0)
      throw malformed("流的长度", "the length of a stream");
    const at = end + begin[0].length;
    if (!/^\r?\n?endstream/.test(this.latin.slice(at + length, at + length + 12)))
      throw malformed("流的结尾", "the end of a stream");
    const content = this.data.slice(at, at + length);
    const filter = about.get("Filter");
    if (filter === undefined && content.length <= most) return content;
    if (filter instanceof Name && filter.text === "FlateDecode" && !about.has("DecodeParms")) return inflate(content, most);
    throw malformed("流的编码或长度", "the coding or length of a stream");
  }

  /** @param {number} at @returns {Dictionary} the trailer; newer places stand */
  #table(at) {
    const scanner = new Scanner(this.latin, at);
    scanner.word("xref");
    for (;;) {
      const word = scanner.regular();
      if (word === "trailer") break;
      const [from, count] = [Number(word), Number(scanner.regular())];
      if (!Number.isInteger(from) || !Number.isInteger(count) || from < 0 || from + count > OBJECTS_MAX)
        throw malformed("交叉引用表", "its table of objects");
      for (let number = from; number < from + count; number += 1) {
        const [place, , kind] = [scanner.regular(), scanner.regular(), scanner.regular()];
        if (!/^\d{10}$/.test(place) || (kind !== "n" && kind !== "f")) throw malformed("交叉引用表", "its table of objects");
        if (!this.places.has(number)) this.places.set(number, kind === "n" ? Number(place) : -1);
      }
    }
    const trailer = scanner.value();
    if (!(trailer instanceof Map)) throw malformed("缺少 trailer", "a trailer is missing");
    return trailer;
  }

  /** @param {number} number @returns {{value: any, end: number}} */
  #object(number) {
    const place = this.places.get(number) ?? -1;
    if (place < 0) throw malformed(`没有对象 ${number}`, `there is no object ${number}`);
    const scanner = new Scanner(this.latin, place);
    if (scanner.regular() !== String(number)) throw malformed("对象编号", "the number of an object");
    scanner.word("0");
    scanner.word("obj");
    return { value: scanner.value(), end: scanner.at };
  }
}

/** Reads values, one after the other; throws `Malformed` for what is none. */
class Scanner {
  /** @param {string} latin the file, a character for a byte @param {number} at */
  constructor(latin, at) {
    this.latin = latin;
    this.at = at;
  }

  /** @returns {any} a `Value` */
  value(depth = 0) {
    if (depth > DEPTH_MAX) throw malformed("嵌套过深", "it is nested too deeply");
    this.#skip();
    const [two, start] = [this.latin.slice(this.at, this.at + 2), this.at];
    if (two === "<<") return this.#dictionary(depth);
    if (two[0] === "<") return this.#hexadecimal(start);
    if (two[0] === "(") return this.#literal(start);
    if (two[0] === "[") return this.#list(depth);
    if (two[0] === "/") {
      this.at += 1;
      return new Name(this.regular(""));
    }
    const word = this.regular();
    if (word === "true" || word === "false") return word === "true";
    if (word === "null") return null;
    if (!NUMBER.test(word)) throw malformed("不认识的值", "a value of no known kind");
    REFERENCE.lastIndex = this.at;
    const reference = /^\d+$/.test(word) ? REFERENCE.exec(this.latin) : null;
    if (reference === null) return Number(word);
    this.at = REFERENCE.lastIndex;
    return new Reference(Number(word));
  }

  /** Characters up to white space or a bracket; `least` is what is taken where there are none.
   *  @param {string | null} least */
  regular(least = null) {
    if (least === null) this.#skip();
    REGULAR.lastIndex = this.at;
    const found = REGULAR.exec(this.latin)?.[0] ?? least;
    if (found === null || found.length > 200) throw malformed("此处缺少内容", "something is missing");
    this.at += found.length;
    return found;
  }

  /** @param {string} wanted */
  word(wanted) {
    if (this.regular() !== wanted) throw malformed(`此处应为 ${wanted}`, `${wanted} is missing`);
  }

  #skip() {
    SPACE.lastIndex = this.at;
    SPACE.exec(this.latin);
    this.at = SPACE.lastIndex;
  }

  /** @param {string} bracket @returns {boolean} whether it came, and was taken */
  #ends(bracket) {
    this.#skip();
    const there = this.latin.startsWith(bracket, this.at);
    if (there) this.at += bracket.length;
    return there;
  }

  /** @param {number} depth */
  #dictionary(depth) {
    this.at += 2;
    /** @type {Dictionary} */
    const found = new Map();
    while (!this.#ends(">>")) {
      const name = this.value(depth + 1);
      if (!(name instanceof Name) || found.has(name.text)) throw malformed("字典的键", "the keys of a dictionary");
      found.set(name.text, this.value(depth + 1));
    }
    return found;
  }

  /** @param {number} depth */
  #list(depth) {
    this.at += 1;
    /** @type {Value[]} */
    const found = [];
    while (!this.#ends("]")) found.push(this.value(depth + 1));
    return found;
  }

  /** @param {number} start */
  #hexadecimal(start) {
    const end = this.latin.indexOf(">", start);
    const digits = this.latin.slice(start + 1, end);
    if (end < 0 || digits.length % 2 !== 0 || !/^[0-9A-Fa-f]*$/.test(digits)) throw malformed("十六进制串", "a string");
    this.at = end + 1;
    const data = new Uint8Array(digits.length / 2);
    for (let at = 0; at < data.length; at += 1) data[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
    return new Quoted(data, start, this.at);
  }

  /** @param {number} start */
  #literal(start) {
    let [text, open] = ["", 0];
    for (let at = start; at < this.latin.length; at += 1) {
      const one = this.latin[at];
      if (one === "\\") {
        const octal = /^[0-7]{3}/.exec(this.latin.slice(at + 1, at + 4))?.[0];
        text += octal === undefined ? this.latin[at + 1] : String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
        at += octal === undefined ? 1 : 3;
        continue;
      }
      if (one === "(") open += 1;
      if (one === ")") open -= 1;
      if (open === 0) {
        this.at = at + 1;
        return new Quoted(Uint8Array.from(text.slice(1), (character) => character.charCodeAt(0)), start, this.at);
      }
      text += one;
    }
    throw malformed("未结束的串", "a string without an end");
  }
}

/** One character for each byte. @param {Uint8Array} data */
function latin(data) {
  // `latin1` of the Encoding Standard is windows-1252: it has others for 0x80 to 0x9f, but one for each byte, and none of
  // them is looked at here.
  return LATIN.decode(data);
}

/** What zlib compressed (RFC 1950). Throws `Malformed`. @param {Uint8Array} data @param {number} most bytes that come out
 *  @returns {Promise<Uint8Array>} */
async function inflate(data, most) {
  const source = new Blob([/** @type {BlobPart} */ (data)]).stream();
  const reader = source.pipeThrough(new DecompressionStream("deflate")).getReader();
  /** @type {Uint8Array[]} */
  const parts = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return concat(...parts);
      size += value.length;
      if (size > most) break;
      parts.push(value);
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw malformed("流不能解压", "a stream that cannot be decompressed");
  }
  await reader.cancel();
  throw malformed("流解压后过长", "a stream that is too long when decompressed");
}

/** @param {string} zh @param {string} en */
export const malformed = (zh, en) =>
  new Malformed(`不是本账本制发的公告：${zh}`, `not a certificate as this book makes them: ${en}`);
