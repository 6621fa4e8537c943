// Finds what a person would click or fill, by its name. Gives the element, or the names of those that are there.
const [kind, name] = arguments;
const words = (text) => (text ?? "").replace(/\s+/g, " ").trim();
const seen = (one) => one.getClientRects().length > 0 && getComputedStyle(one).visibility !== "hidden";
const places = {
  clickable: "button, a[href], input[type=submit], [role=button], [role=link]",
  summary: "summary, [aria-expanded]",
  field: "input:not([type=radio], [type=checkbox], [type=hidden], [type=submit]), textarea, select",
  choice: "input[type=radio], input[type=checkbox], option",
};
const named = (one) => {
  const ids = words(one.getAttribute("aria-labelledby")).split(" ").filter(Boolean);
  const by = ids.map((id) => document.getElementById(id)?.innerText).join(" ");
  const label = one.labels?.[0];
  return words(by || one.getAttribute("aria-label") || label?.innerText || one.innerText || one.value);
};
// A choice may be drawn by its label alone; that is what a person clicks then.
const shown = (one) => (kind === "choice" && one.labels?.[0]) || one;
const all = [...document.querySelectorAll(places[kind])].filter((one) => seen(shown(one)));
const exact = all.filter((one) => named(one) === name);
const close = all.filter((one) => named(one).includes(name));
const found = exact[0] ?? (close.length === 1 ? close[0] : undefined);
return found ? shown(found) : all.map(named);
