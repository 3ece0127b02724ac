import { Random } from "@detrkit/common";
import { Dropout, LayerNorm } from "@detrkit/nn";
import { useBackend } from "@detrkit/test-utils";
import { ones, type Rank, type Tensor3D, tidy, zeros } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { residual } from "./residual.ts";

useBackend("cpu");

test("dropout falls on what a part adds, while training alone", () => {
  const style = { dropout: new Dropout({ rate: 0.5 }), preNorm: true };
  const norm = new LayerNorm({ dim: 7 });
  tidy(() => {
    const part = (): Tensor3D => ones<Rank.R3>([2, 11, 7]);
    const added = (training: boolean): Set<number> =>
      new Set(residual(zeros<Rank.R3>([2, 11, 7]), part, norm, style, { training, random: new Random(1) }).dataSync());
    expect(added(true)).toEqual(new Set([0, 2]));
    expect(added(false)).toEqual(new Set([1]));
  });
  norm.dispose();
});
