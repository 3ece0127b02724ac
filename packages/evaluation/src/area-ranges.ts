/** A class of object sizes, by area in square pixels; both limits belong to it. */
export interface AreaRange {
  readonly name: "all" | "small" | "medium" | "large";
  readonly least: number;
  readonly most: number;
}

const smallSide = 32;
const mediumSide = 96;
const everything = 1e10;

/** COCO's sizes: small up to 32², medium up to 96², large above. */
export const areaRanges: readonly [all: AreaRange, small: AreaRange, medium: AreaRange, large: AreaRange] = [
  { name: "all", least: 0, most: everything },
  { name: "small", least: 0, most: smallSide ** 2 },
  { name: "medium", least: smallSide ** 2, most: mediumSide ** 2 },
  { name: "large", least: mediumSide ** 2, most: everything },
];
