/** Tables for spreadsheets, as `api/importing/table_writer.py` writes them: no cell that would be run. */

import { concat, utf8 } from "../verify/bytes.js";

const LIVE = /^'*(?:[\s\0]*[=+\-@＝＋－＠]|[\t\r\n])/;
const QUOTED = /[",\r\n]/;
const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/** CSV with CRLF line ends (RFC 4180), UTF-8 with a byte order mark. @param {(string | number | null)[][]} rows
 *  @returns {Uint8Array} */
export function csvTable(rows) {
  const lines = rows.map((cells) => `${cells.map(written).join(",")}\r\n`);
  return concat(BYTE_ORDER_MARK, utf8(lines.join("")));
}

/** @param {string | number | null} cell */
function written(cell) {
  if (cell === null) return "";
  const text = typeof cell === "number" ? String(cell) : LIVE.test(cell) ? `'${cell}` : cell;
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
