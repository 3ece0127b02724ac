/** Called with a line for each step. */
export type Progress = (line: string) => void;
