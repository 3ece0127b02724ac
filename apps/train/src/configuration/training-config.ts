/** How images become training tensors: always one size, or DETR's published resizing and cropping. */
export type TransformsChoice = "fixed" | "detr";

/** Which mirror images training may see, each with probability one half. */
export type Flips = "none" | "horizontal" | "both";

/** How the learning rate moves over the whole run, after its warm-up. */
export type ScheduleKind = "constant" | "step" | "cosine";

/** What training does with an image or box that the data checks refuse. */
export type BadDataPolicy = "drop" | "stop";

/**
 * The backbone's first layers: ResNet's own 7×7 or, for small images, a 3×3 convolution; both of stride 2, then pooled.
 */
export type BackboneStem = "7x7pool" | "3x3pool";

/** How the backbone normalises: by stored statistics that never change, over the batch, or over groups of channels. */
export type BackboneNorm = "frozen-batch" | "batch" | "group";

/** The backend that was asked for; `auto` takes the fastest one that works. */
export type BackendChoice = "auto" | "native" | "wasm" | "cpu";

/** Settings that only DETR has; those of the other model are not there. */
interface DetrOnlySettings {
  readonly preNorm: boolean;
  readonly positionsNormalized: boolean;
  readonly backboneStage: number;
  readonly noObjectWeight: number;
}

/** Settings that only Deformable DETR has. */
interface DeformableDetrOnlySettings {
  readonly backboneStages: readonly number[];
  readonly featureLevels: number;
  readonly points: number;
  readonly boxRefinement: boolean;
  readonly twoStage: boolean;
  readonly focalAlpha: number;
  readonly samplingLearningRateFactor: number;
}

type MaybeAbsent<Settings> = { readonly [Key in keyof Settings]?: Settings[Key] | undefined };

/** Every setting of a training run. Each is a key of the config file and, in kebab case, a flag of `detrkit train`. */
export interface TrainingConfig extends MaybeAbsent<DetrOnlySettings>, MaybeAbsent<DeformableDetrOnlySettings> {
  readonly preset: string;
  readonly data: string;
  readonly split: string;
  readonly dataVal: string;
  readonly splitVal: string;
  readonly output: string;
  readonly seed: number;
  readonly backend: BackendChoice;
  readonly badData: BadDataPolicy;

  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly backboneLearningRateFactor: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  readonly schedule: ScheduleKind;
  readonly warmupSteps: number;
  readonly dropAt: number;
  readonly dropFactor: number;

  readonly transforms: TransformsChoice;
  readonly imageSize: string;
  readonly shortSides: readonly number[];
  readonly maxSide: number;
  readonly flips: Flips;

  readonly numQueries: number;
  readonly hiddenDim: number;
  readonly heads: number;
  readonly encoderLayers: number;
  readonly decoderLayers: number;
  readonly feedForwardDim: number;
  readonly dropout: number;
  readonly backboneWidth: number;
  readonly backboneStem: BackboneStem;
  readonly backboneNorm: BackboneNorm;
  readonly backboneFrozenStages: number;

  readonly classWeight: number;
  readonly boxL1Weight: number;
  readonly giouWeight: number;
  readonly auxiliaryLosses: boolean;

  readonly evaluateEvery: number;
  readonly stopAtAp50: number;
  readonly samplePictures: number;
}

/** Some of the settings: what a config file or the flags of one command line give. */
export type PartialTrainingConfig = Partial<TrainingConfig>;
