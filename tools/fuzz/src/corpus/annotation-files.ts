import type { CorpusFile } from "../bytes-target.ts";

/** The file of a small data set that is damaged: its path there tells which form of data it belongs to. */
export interface DataSetFile {
  readonly form: "coco" | "coco-panoptic" | "voc" | "yolo" | "csv";
  readonly path: string;
  readonly content: string;
}

const coco = {
  images: [
    { id: 2, file_name: "a.png", width: 7, height: 5 },
    { id: 3, file_name: "b.png" },
  ],
  annotations: [
    {
      id: 5,
      image_id: 2,
      category_id: 11,
      bbox: [1, 1, 3, 2.5],
      area: 7.5,
      iscrowd: 0,
      segmentation: [[1, 1, 4, 1, 4, 3.5]],
    },
    {
      id: 7,
      image_id: 3,
      category_id: 13,
      bbox: [0, 0, 7, 5],
      iscrowd: 1,
      segmentation: { counts: [0, 35], size: [5, 7] },
    },
  ],
  categories: [
    { id: 11, name: "cat" },
    { id: 13, name: "dog", supercategory: "animal" },
  ],
};
/** Of the picture that all images and their segments are here, each pixel is of this one. */
const segment = { id: 100 + 256 * 100 + 65_536 * 100, category_id: 13, iscrowd: 0, bbox: [0, 0, 7, 5], area: 35 };
const panoptic = {
  images: coco.images,
  annotations: [
    { image_id: 2, file_name: "a.png", segments_info: [segment, { id: 9, category_id: 11 }] },
    { image_id: 3, file_name: "b.png", segments_info: [{ ...segment, iscrowd: 1 }] },
  ],
  categories: [
    { id: 11, name: "cat", isthing: 1 },
    { id: 13, name: "sky", isthing: 0 },
  ],
};
const object = (name: string, edges: readonly number[]): string => {
  const box = ["xmin", "ymin", "xmax", "ymax"].map((edge, index) => `<${edge}>${edges[index]}</${edge}>`).join("");
  return `<object><name>${name}</name><difficult>0</difficult><bndbox>${box}</bndbox></object>`;
};
const voc =
  '<?xml version="1.0"?>\n<!-- made by hand -->\n<annotation><folder>x</folder><filename>a.png</filename>\n' +
  "<size><width>7</width><height>5</height><depth>3</depth></size>\n" +
  `${object("cat", [1, 1, 4, 3])}\n${object("dog &amp; fox", [2, 2, 7, 5])}</annotation>\n`;
const yaml = "path: .\ntrain: images/train\nval: [images/train]\nnc: 2\nnames:\n  0: cat\n  1: dog\n";
const yamlOfList =
  'train: images/train # here\nnames: [cat, "dog"]\nbase: &anchor {a: 1}\nagain: *anchor\n' +
  "merged:\n  <<: *anchor\n  text: |\n    more\n";

const csv = '\uFEFFfile;class;xmin;ymin;xmax;ymax\n"a.png";"cat; tame";1;1;4;3\nb.png;dog;2;2;7;5\n';

/** What can be damaged. The data set around it is whole. */
export const dataSetFiles: readonly DataSetFile[] = [
  { form: "coco", path: "annotations/instances_train.json", content: JSON.stringify(coco) },
  { form: "coco", path: "train.json", content: JSON.stringify(coco, null, 1) },
  { form: "coco-panoptic", path: "panoptic_train.json", content: JSON.stringify(panoptic) },
  { form: "voc", path: "Annotations/a.xml", content: voc },
  { form: "voc", path: "ImageSets/Main/train.txt", content: "a\nb 1\n" },
  { form: "voc", path: "classes.txt", content: "cat\ndog & fox\n" },
  { form: "yolo", path: "data.yaml", content: yaml },
  { form: "yolo", path: "data.yaml", content: yamlOfList },
  {
    form: "yolo",
    path: "labels/train/a.txt",
    content: "0 0.5 0.5 0.4 0.4\n1 0.25 0.25 0.1 0.3\n0 0.1 0.1 0.4 0.1 0.4 0.4 0.1 0.4\n",
  },
  { form: "csv", path: "boxes.csv", content: csv },
  { form: "csv", path: "splits.csv", content: "file,split\na.png,train\nb.png,val\n" },
  { form: "yolo", path: "images/train.txt", content: "images/train/a.png\nimages/train/b.png\n" },
];

/** Files that every form needs beside the damaged one. */
export const wholeFiles: Readonly<Record<DataSetFile["form"], Readonly<Record<string, string>>>> = {
  coco: {},
  "coco-panoptic": {},
  voc: {
    "Annotations/a.xml": voc,
    "Annotations/b.xml": voc.replace("a.png", "b.png"),
    "ImageSets/Main/train.txt": "a\nb\n",
  },
  csv: { "boxes.csv": csv },
  yolo: { "data.yaml": yaml, "labels/train/a.txt": "0 0.5 0.5 0.4 0.4\n", "labels/train/b.txt": "" },
};

/** Where each form keeps its two images. */
export const imageFolders: Readonly<Record<DataSetFile["form"], string>> = {
  coco: "images/train",
  "coco-panoptic": "panoptic_train",
  voc: "JPEGImages",
  csv: "photos",
  yolo: "images/train",
};

export const annotationTokens: readonly string[] = [
  "../",
  "../../../../../../tmp/x",
  "/",
  "\0",
  ".",
  "~",
  "a.png",
  "\ud83d\ude00",
  "\u00ff",
  "\u2028",
  "__proto__",
  "constructor",
  "toString",
  "NaN",
  "-1",
  "1e999",
  "null",
  "{}",
  "[]",
  '"',
  "\n",
  "\r\n",
  "\t",
  '"id":2,',
  '"file_name":"../a.png",',
  '"file_name":"",',
  '"bbox":[null,1,2,3],',
  '"bbox":[1e308,1e308,1e308,1e308],',
  '"categories":[],',
  '"segments_info":[],',
  '"segmentation":[[1,1,1e9,1,3,3]],',
  '"segmentation":{"size":[5,7],"counts":"0S1"},',
  '"width":1e9,',
  "[[[[[[[[",
  "{{{{",
  "<object>",
  "</object>",
  "<name>",
  "</name>",
  "<annotation>",
  '<!DOCTYPE x [<!ENTITY a "aaaa">]>',
  "&a;",
  "&#x0;",
  "&#1114112;",
  "<![CDATA[",
  "]]>",
  "<bndbox>",
  "<?x?>",
  "<!--",
  "<filename>..</filename>",
  "<xmin/>",
  "&a ",
  "*a",
  "*anchor",
  "<<: ",
  "- ",
  "? ",
  ": ",
  "| ",
  "!!binary ",
  "!!set ",
  "!!python/object:x ",
  "---\n",
  "...\n",
  "%YAML 1.2\n",
  "{a: *anchor}",
  "names: ",
  "train: ",
  "path: /\n",
  "0: ",
];

/** As bytes: the path, a line feed, and the file, which alone is damaged. */
export async function annotationFiles(): Promise<readonly CorpusFile[]> {
  return dataSetFiles.map(({ form, path, content }, index) => ({
    name: `${index}: ${form}, ${path}`,
    bytes: Buffer.from(content),
    seal: (changed) => Buffer.concat([Buffer.from(`${form}:${path}\n`), changed]),
  }));
}
