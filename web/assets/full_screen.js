// Full screen for the player, or, on an iPhone, for its video alone: nothing else may fill the screen there.

export const canFillScreen = (element, video) =>
  Boolean(document.fullscreenEnabled && element.requestFullscreen) || 'webkitEnterFullscreen' in video;

export async function toggleFullScreen(element, video) {
  try {
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (document.fullscreenEnabled && element.requestFullscreen) await element.requestFullscreen();
    else video.webkitEnterFullscreen?.();
  } catch {
    // Refused, as when an embedding page does not allow it: the picture stays as it is.
  }
}
