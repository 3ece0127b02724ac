import { expect, test } from "vitest";
import { parseDataSpec } from "./index.ts";

test("a spec is a form, a path and settings", () => {
  expect(parseDataSpec("voc:./VOC2012")).toEqual({
    text: "voc:./VOC2012",
    format: "voc",
    path: "./VOC2012",
    settings: {},
  });
  expect(parseDataSpec("coco:a,b/train.json,val=v.json,images=C:\\photos")).toMatchObject({
    path: "a,b/train.json",
    settings: { val: "v.json", images: "C:\\photos" },
  });
  expect(parseDataSpec("yolo:C:/set/data.yaml")).toMatchObject({ format: "yolo", path: "C:/set/data.yaml" });
  expect(parseDataSpec("module:./a,b.ts,path=../x,z,minSide=5")).toMatchObject({
    format: "module",
    path: "./a,b.ts",
    settings: { path: "../x,z", minSide: "5" },
  });
  expect(parseDataSpec("shapes")).toMatchObject({ format: "shapes", path: "", settings: {} });
  expect(parseDataSpec("shapes:count=16,size=64x48")).toMatchObject({ settings: { count: "16", size: "64x48" } });
});

test("a path alone is a spec whose format is found out", () => {
  for (const path of ["./photos", "photos", "C:\\photos", "/a,b/photos", "coco", "cocoa"])
    expect(parseDataSpec(path)).toEqual({ text: path, format: "found", path, settings: {} });
  expect(parseDataSpec("./photos,images=../x")).toMatchObject({ path: "./photos", settings: { images: "../x" } });
});

test("what can't be a spec is refused with the way to write it", () => {
  expect(() => parseDataSpec("pascal:x")).toThrow(
    'data "pascal:x": unknown format "pascal"; expected coco, coco-panoptic, voc, yolo, csv, module, shapes',
  );
  expect(() => parseDataSpec("voc:")).toThrow('data "voc:": no path after "voc:"');
  expect(() => parseDataSpec("shapes:number=3")).toThrow(
    '"number=3" is no setting of shapes; it takes count=…, validation=…',
  );
  expect(() => parseDataSpec("voc:x,images=y")).toThrow(
    '"images=y" is no setting of voc; it takes train=…, val=…, test=…, splits=…',
  );
});
