/** The colour of the channel and the one that can be read upon it, or null when the text is not `#rgb` or `#rrggbb`. */
export function accents(text: string | null | undefined): { accent: string; onAccent: string } | null {
  const short = /^#([\da-f])([\da-f])([\da-f])$/i.exec(text?.trim() ?? "");
  const accent = short ? `#${short.slice(1).map((digit) => digit + digit).join("")}` : (text?.trim() ?? "");
  if (!/^#[\da-f]{6}$/i.test(accent)) return null;
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(accent.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  // Whichever of white and near-black has the greater contrast.
  return { accent, onAccent: 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.058 ? "#ffffff" : "#14181d" };
}
