/**
 * The page `/desk/enterprise/pledge`: a pledge is put together from the clauses that were chosen, the products that it
 * is for, and words of the enterprise's own; then it is an act like any other.
 */

import { begin, fieldsOf } from "./act_flow.js";
import { byId, FieldError, typed } from "./fields.js";

/** @typedef {import("../verify/json.js").JsonObject} JsonObject */

const CONTENT_CHARS_MAX = 4_000;

/** The pledge's text: the clauses chosen, in their order, what it is for, what was added. Throws `FieldError`. */
function composed() {
  const clauses = [...document.querySelectorAll("input[name=clauses]:checked")].map(
    (one, at) => `${at + 1}. ${one.getAttribute("data-text") ?? ""}`,
  );
  const [products, more] = [typed("pledge-products"), typed("pledge-more")].map((one) => one.normalize("NFC").trim());
  const content = [...clauses, ...(products ? [`适用的产品和服务：${products}`] : []), ...(more ? [more] : [])].join("\n");
  if (content === "") {
    throw new FieldError(
      "pledge-more",
      "请至少选择一项条款，或写明承诺内容",
      "choose a clause at least, or say what is pledged",
    );
  }
  if ([...content].length > CONTENT_CHARS_MAX) {
    throw new FieldError(
      "pledge-more",
      `承诺内容最多 ${CONTENT_CHARS_MAX} 个字符`,
      `a pledge has ${CONTENT_CHARS_MAX} characters at most`,
    );
  }
  return content;
}

begin((form) => ({ ...fieldsOf(form), content: composed() }));

const preview = byId("preview");
document.querySelector("form[data-act]")?.addEventListener("input", () => {
  try {
    preview.textContent = composed();
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    preview.textContent = "";
  }
});
