import { PickleRecord, type PickleValue } from "@detrkit/checkpoint";
import type { UnseenSettings } from "./families.ts";

/** What the authors' code keeps beside the tensors: the arguments of its command line. */
export function settingsOf(content: PickleValue): UnseenSettings {
  const args = content instanceof Map ? content.get("args") : undefined;
  const values = args instanceof PickleRecord && args.state instanceof Map ? args.state : undefined;
  const wholeNumber = (name: string): number | undefined => {
    const value = values?.get(name);
    return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
  };
  return {
    heads: wholeNumber("nheads"),
    numQueries: wholeNumber("num_queries"),
    dilateLastStage: values?.get("dilation") === true,
  };
}
