import { byId } from "./elements.ts";

/** Takes pictures with the camera, in a dialog. */
export function listenForCamera(
  onPicture: (image: Blob, name: string) => void,
  onProblem: (error: unknown) => void,
): void {
  const dialog = byId("camera-dialog", HTMLDialogElement);
  const video = byId("camera-video", HTMLVideoElement);
  const button = byId("camera", HTMLButtonElement);
  // Browsers offer it on https and on this machine only.
  button.hidden = navigator.mediaDevices === undefined;

  let stream: MediaStream | undefined;
  const stop = (): void => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = undefined;
    video.srcObject = null;
  };
  dialog.addEventListener("close", stop);
  byId("camera-close", HTMLButtonElement).addEventListener("click", () => dialog.close());

  const open = async (): Promise<void> => {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream;
    dialog.showModal();
    await video.play();
  };
  button.addEventListener("click", () => {
    void open().catch((error: unknown) => {
      stop();
      const name = error instanceof DOMException ? error.name : "";
      if (name === "NotAllowedError")
        onProblem(new Error("The camera is not allowed here. Allow it beside the address of this page"));
      else if (name === "NotFoundError") onProblem(new Error("There is no camera"));
      else onProblem(error);
    });
  });

  byId("camera-shoot", HTMLButtonElement).addEventListener("click", () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    dialog.close();
    canvas.toBlob(
      (image) => {
        if (image === null) onProblem(new Error("The camera gave no picture"));
        else onPicture(image, "Picture of the camera");
      },
      "image/jpeg",
      0.95,
    );
  });
}
