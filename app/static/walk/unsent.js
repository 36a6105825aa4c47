// Everything unsent, photos too, as a file to keep or to hand to somebody.

export const fileOf = async (items) => {
  const asText = (blob) => new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => fail(reader.error);
    reader.readAsDataURL(blob);
  });
  // In pieces: a morning's photos are more than one string holds.
  const pieces = [`{"made_at": ${JSON.stringify(new Date().toISOString())}, "items": [`];
  for (const [index, { record, photos, state, said, sha256: digest }] of items.entries()) {
    const head = JSON.stringify({ record, state, said, sha256: digest });
    pieces.push(`${index ? "," : ""}\n${head.slice(0, -1)}, "photos": [`);
    for (const [number, { blob }] of photos.entries()) {
      pieces.push(`${number ? "," : ""}{"type": ${JSON.stringify(blob.type)}, "base64": "`, await asText(blob), '"}');
    }
    pieces.push("]}");
  }
  pieces.push("\n]}\n");
  return new File(pieces, "patchwork-unsent.json", { type: "application/json" });
};
