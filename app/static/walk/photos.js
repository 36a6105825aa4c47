// Photos are shrunk on the phone, so that they go through a poor line; the server makes them anew.

export const LONGEST_SIDE_PX = 1600;
const QUALITY = 0.82;

// A JPEG of at most 1,600 pixels a side. What this browser cannot open (HEIC in most) is passed
// on as it is: the server can.
export const shrink = async (file) => {
  let picture;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return file;
  }
  const scale = Math.min(1, LONGEST_SIDE_PX / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", QUALITY); });
  return blob ?? file;
};
