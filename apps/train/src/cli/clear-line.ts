/** Takes away what stands in a terminal's last line, so that something else can be written there. */
export const clearLine = "\r\u001B[K";
