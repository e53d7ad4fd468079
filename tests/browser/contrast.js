// The texts in the outputs of the notebook that is shown whose contrast is too low for WCAG's AA:
// 4.5, or 3 for large letters. Left out are pictures, what is switched off, and what programs write
// to stderr, such as bars of progress, which JupyterLab colours.
(panel) => {
  const parse = (colour) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    canvas.fillStyle = colour; // a browser may give it in any notation
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], below) =>
    [r, g, b].map((value, i) => value * a + below[i] * (1 - a));
  const light = (rgb) => {
    const [r, g, b] = rgb
      .map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (element) => {
    if (!element) return [255, 255, 255];
    const style = getComputedStyle(element);
    return over(parse(style.backgroundColor), background(element.parentElement));
  };
  const opacity = (element) =>
    element ? getComputedStyle(element).opacity * opacity(element.parentElement) : 1;

  const faint = [];
  for (const output of document.querySelectorAll(`${panel} .jp-OutputArea-output`)) {
    const texts = document.createTreeWalker(output, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode.textContent.trim();
      const element = texts.currentNode.parentElement;
      if (!text || !element.checkVisibility() || !element.getClientRects().length) continue;
      if (element.closest("svg, style, script, .vega-embed, :disabled, [data-mime-type$=stderr]")) continue;
      const style = getComputedStyle(element);
      const below = background(element);
      const [r, g, b, a] = parse(style.color);
      const [one, other] = [over([r, g, b, a * opacity(element)], below), below].map(light);
      const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
      if (contrast < (large ? 3 : 4.5)) {
        faint.push(`${contrast.toFixed(2)}: ${text.slice(0, 60)}`);
      }
    }
  }
  return faint;
}
