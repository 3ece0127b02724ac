/**
 * A flag's name without what may be written in several ways: `validation.share` is `validation-share`, `num-queries` is
 * `num_queries`, and `backbone.frozenStages` is `backbone.frozen-stages`. No two flags of a command are alike in this.
 */
export function plainName(name: string): string {
  return name.replaceAll(/[-_.]/gu, "").toLowerCase();
}
