/** The element with this id. The page's HTML contains it. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element ${id}.`);
  return element as E;
}
export function within<E extends Element = HTMLElement>(parent: Element, selector: string): E {
  const element = parent.querySelector<E>(selector);
  if (!element) throw new Error(`${parent.id} has no ${selector}.`);
  return element;
}

type Attributes = Readonly<Record<string, string | number | boolean | null>>;
/** Creates an element. Texts become text nodes, so data from the network is never parsed as HTML. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  setAll(element, attributes);
  element.append(...children);
  return element;
}
const SVG = "http://www.w3.org/2000/svg";
export function makeSvg(tag: string, attributes: Attributes = {}, ...children: readonly (Node | string)[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  setAll(element, attributes);
  element.append(...children);
  return element;
}
function setAll(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Writes the text only when it differs, so that screen readers and selections are not disturbed. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

interface Rows<T> {
  readonly items: readonly T[];
  readonly key: (item: T) => string;
  readonly create: () => HTMLElement;
  readonly fill: (row: HTMLElement, item: T) => void;
}
/** Gives the list one row for each item, in the same order. Existing rows are reused, so they keep the focus. */
export function showRows<T>(list: Element, { items, key, create, fill }: Rows<T>): void {
  const before = new Map([...list.children].map((row) => [(row as HTMLElement).dataset.key ?? "", row as HTMLElement]));
  let place = list.firstElementChild;
  for (const item of items) {
    const id = key(item);
    let row = before.get(id);
    if (row) before.delete(id);
    else {
      row = create();
      row.dataset.key = id;
    }
    fill(row, item);
    if (row === place) place = place.nextElementSibling;
    else list.insertBefore(row, place);
  }
  for (const row of before.values()) row.remove();
}
