// Runs in a page whose frames hold reports; writes what it finds in each frame into the element "found", as JSON.
function rgba(text) {
  const numbers = (text.match(/[\d.]+/g) || []).map(Number);
  return numbers.length < 3 ? null : { rgb: numbers.slice(0, 3), alpha: numbers.length > 3 ? numbers[3] : 1 };
}

// WCAG 2.2, relative luminance and contrast ratio.
function luminance(rgb) {
  const [red, green, blue] = rgb.map(value => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : Math.pow((share + 0.055) / 1.055, 2.4);
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function paint(view, element) {
  const style = view.getComputedStyle(element);
  const inSvg = element.ownerSVGElement;
  const color = rgba(inSvg ? style.fill : style.backgroundColor);
  return color === null || style.fill === 'none' && inSvg
    ? null
    : { rgb: color.rgb, alpha: color.alpha * Number(style.opacity) };
}

// The color behind a text: what is painted below it, from the top down to the first that hides all.
function behind(view, element, x, y) {
  const stack = view.document.elementsFromPoint(x, y);
  let below = stack.slice(stack.indexOf(element) + 1);
  if (!stack.includes(element)) {
    below = [];
    for (let each = element.parentElement; each; each = each.parentElement) below.push(each);
  }
  if (!element.ownerSVGElement) below.unshift(element);
  const layers = [];
  for (const each of below) {
    const layer = paint(view, each);
    if (layer && layer.alpha > 0) layers.push(layer);
    if (layer && layer.alpha === 1) break;
  }
  return layers.reverse().reduce(
    (under, layer) => under.map((value, at) => layer.alpha * layer.rgb[at] + (1 - layer.alpha) * value),
    [255, 255, 255]);
}

function check(frame) {
  const view = frame.contentWindow;
  const document = view.document;
  document.querySelectorAll('details').forEach(each => { each.open = true; });
  frame.style.height = document.documentElement.scrollHeight + 'px';
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let checked = 0;
  let least = 21;
  const faint = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    const box = range.getClientRects()[0];
    if (!texts.currentNode.data.trim() || !box || !box.width) continue;
    const style = view.getComputedStyle(element);
    const ink = rgba(element.ownerSVGElement ? style.fill : style.color);
    const ratio = contrast(ink.rgb, behind(view, element, box.x + box.width / 2, box.y + box.height / 2));
    checked++;
    least = Math.min(least, ratio);
    if (ratio < 4.5) faint.push(texts.currentNode.data.slice(0, 40) + ': ' + ratio.toFixed(2));
  }
  return {
    name: frame.name,
    dark: view.matchMedia('(prefers-color-scheme: dark)').matches,
    width: view.innerWidth,
    scrolled: document.documentElement.scrollWidth,
    checked: checked,
    least: least,
    faint: faint.slice(0, 10)
  };
}

window.addEventListener('load', () => {
  const found = document.createElement('pre');
  found.id = 'found';
  found.textContent = JSON.stringify([...document.querySelectorAll('iframe')].map(check));
  document.body.append(found);
});
