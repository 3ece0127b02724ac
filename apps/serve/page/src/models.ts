import type { DetectionClient, Model } from "@detrkit/client";
import { byId } from "./elements.ts";

/** The models that can be chosen. */
export interface ModelChoice {
  /** Asks the server which there are. */
  load(client: DetectionClient): Promise<void>;
  /** The chosen one. @throws where the server has none */
  chosen(): Model;
  /** Whether the chosen one finds masks. */
  hasMasks(): boolean;
}

/** @param onChange - told when another model is chosen */
export function createModelChoice(onChange: () => void): ModelChoice {
  const select = byId("model", HTMLSelectElement);
  let models: readonly Model[] = [];
  const chosen = (): Model => {
    const model = models.find(({ name }) => name === select.value) ?? models[0];
    if (model === undefined) throw new Error("This server has no model");
    return model;
  };
  select.addEventListener("change", onChange);
  return {
    load: async (client) => {
      models = await client.models();
      const before = select.value;
      select.replaceChildren(...models.map(({ name }) => new Option(name, name, false, name === before)));
      byId("model-field", HTMLLabelElement).hidden = models.length < 2;
    },
    chosen,
    hasMasks: () => chosen().detector?.["masks"] !== undefined,
  };
}
