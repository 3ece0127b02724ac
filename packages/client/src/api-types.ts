// Written from the server's OpenAPI document by tools/client-types/src/cli.ts, laid out by npm run format.
interface Schemas {
  readonly Attention:
    | {
        readonly kind: "dense";
        readonly width: number;
        readonly height: number;
        /** Of cells that cover the image, row by row; together 1. */
        readonly weights: readonly number[];
      }
    | {
        readonly kind: "sampled";
        /** In pixels of the image; they may lie outside of it. Weights are 1 together. */
        readonly points: readonly {
          readonly x: number;
          readonly y: number;
          readonly weight: number;
          readonly head: number;
          readonly level: number;
        }[];
      };
  /** Pixels of the image as it was sent, EXIF orientation applied. */
  readonly Box: {
    readonly xmin: number;
    readonly ymin: number;
    readonly xmax: number;
    readonly ymax: number;
  };
  readonly DetectManyAnswer: {
    readonly model: string;
    readonly images: readonly {
      readonly width: number;
      readonly height: number;
      /** Highest score first. */
      readonly detections: readonly Schemas["Detection"][];
      readonly timing: Schemas["Timing"];
      /** As the request named the image; absent where it did not. */
      readonly name?: string;
    }[];
  };
  readonly DetectOneAnswer: {
    readonly width: number;
    readonly height: number;
    /** Highest score first. */
    readonly detections: readonly Schemas["Detection"][];
    readonly timing: Schemas["Timing"];
    /** Name of the model that answered. */
    readonly model: string;
  };
  readonly Detection: {
    /** Name of the class. */
    readonly label: string;
    /** The class's id in the data that the model was trained on. */
    readonly labelId: number;
    readonly score: number;
    readonly box: Schemas["Box"];
    /** Of a model with masks, unless the request leaves them out. */
    readonly mask?: Schemas["Mask"];
  };
  readonly Explanation: {
    readonly model: string;
    readonly width: number;
    readonly height: number;
    readonly decoderLayer: number;
    /** Highest score first, as POST /v1/detect lists them. */
    readonly detections: readonly {
      readonly detection: Schemas["Detection"];
      readonly attention: Schemas["Attention"];
    }[];
    /** Absent where no points were asked for. */
    readonly encoderLayer?: number;
    readonly points: readonly {
      readonly point: {
        readonly x: number;
        readonly y: number;
      };
      readonly attention: Schemas["Attention"];
    }[];
  };
  /** The object's pixels in the image as it was sent; pycocotools reads it as it is. */
  readonly Mask: {
    /** Height and width of the image. */
    readonly size: readonly [number, number];
    /** COCO's compressed run lengths, column by column. */
    readonly counts: string;
  };
  readonly Model: {
    readonly name: string;
    /** Loaded and warm. */
    readonly ready: boolean;
    /** Of the weights; changes when they are reloaded. */
    readonly version?: string;
    /** What computes, in one line. */
    readonly engine?: string;
    /** In which numbers it computes. */
    readonly precision?: string;
    /** By label, with their ids in the data that the model was trained on. */
    readonly classes?: readonly {
      readonly id: number;
      readonly name: string;
      /** False of stuff: sky, grass. Default: true. */
      readonly isThing?: boolean;
    }[];
    /** The model's settings, as its checkpoint has them. */
    readonly detector?: {
      readonly [key: string]: unknown;
    };
    /** How images are prepared for it, as its checkpoint has them. */
    readonly transforms?: {
      readonly [key: string]: unknown;
    };
    /**
     * The address of a .safetensors file that loadDetector of @detrkit/inference/browser takes; null where the model
     * has none (a .pth, several shards).
     */
    readonly weights?: {
      readonly url: string;
      readonly bytes: number;
    } | null;
  };
  readonly Models: {
    readonly models: readonly Schemas["Model"][];
  };
  readonly PanopticAnswer: {
    readonly model: string;
    readonly width: number;
    readonly height: number;
    /**
     * A PNG of the image's size in base64: the id of each pixel's segment is red + 256 green + 65536 blue, as in
     * COCO's panoptic files; 0 is none.
     */
    readonly png: string;
    readonly segments: readonly Schemas["Segment"][];
  };
  readonly Problem: {
    /** urn:detrkit:problem:CODE */
    readonly type: string;
    readonly title: string;
    readonly status: number;
    /** What was expected, what came, and what to do. */
    readonly detail: string;
    /**
     * One of invalid-request, invalid-json, invalid-multipart, unauthorised, reload-not-allowed, unknown-address,
     * unknown-model, no-such-file, method-not-allowed, request-timeout, body-too-large, too-many-images,
     * unsupported-content-type, invalid-base64, invalid-tensor, invalid-image, too-many-pixels, invalid-option,
     * queue-full, rate-limited, internal, reload-failed, not-ready, engine-crashed, stopping, deadline-exceeded.
     */
    readonly code: string;
    readonly requestId?: string;
    /** The detail again, at addresses of the Open Inference Protocol, whose clients look here. */
    readonly error?: string;
  };
  readonly Segment: {
    /** What its pixels have in the picture of ids. */
    readonly id: number;
    /** Name of the class. */
    readonly label: string;
    /** The class's id in the data that the model was trained on. */
    readonly labelId: number;
    /** One object; stuff (sky, grass) is one segment of all its pixels. */
    readonly isThing: boolean;
    readonly score: number;
    /** Pixels. */
    readonly area: number;
  };
  readonly Timing: {
    /** Waited for its batch. */
    readonly queueMs: number;
    /** Decoding of the file. */
    readonly decodeMs: number;
    /** Transforms, model and post-processing of its batch. */
    readonly inferenceMs: number;
    /** Images that went through the model together with it. */
    readonly batchSize: number;
  };
}

/** `Attention` of the server's API. */
export type Attention = Schemas["Attention"];

/** Pixels of the image as it was sent, EXIF orientation applied. */
export type Box = Schemas["Box"];

/** `DetectManyAnswer` of the server's API. */
export type DetectManyAnswer = Schemas["DetectManyAnswer"];

/** `DetectOneAnswer` of the server's API. */
export type DetectOneAnswer = Schemas["DetectOneAnswer"];

/** `Detection` of the server's API. */
export type Detection = Schemas["Detection"];

/** `Explanation` of the server's API. */
export type Explanation = Schemas["Explanation"];

/** The object's pixels in the image as it was sent; pycocotools reads it as it is. */
export type Mask = Schemas["Mask"];

/** `Model` of the server's API. */
export type Model = Schemas["Model"];

/** `Models` of the server's API. */
export type Models = Schemas["Models"];

/** `PanopticAnswer` of the server's API. */
export type PanopticAnswer = Schemas["PanopticAnswer"];

/** `Problem` of the server's API. */
export type ProblemDocument = Schemas["Problem"];

/** `Segment` of the server's API. */
export type Segment = Schemas["Segment"];

/** `Timing` of the server's API. */
export type Timing = Schemas["Timing"];
