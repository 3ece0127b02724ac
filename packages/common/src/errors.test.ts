import { expect, test } from "vitest";
import {
  BackendError,
  CheckpointError,
  ConfigError,
  DataError,
  DetrkitError,
  ShapeError,
  TensorError,
} from "./errors.ts";

test.each([
  [ShapeError, "ShapeError", "ERR_SHAPE"],
  [TensorError, "TensorError", "ERR_TENSOR"],
  [ConfigError, "ConfigError", "ERR_CONFIG"],
  [DataError, "DataError", "ERR_DATA"],
  [CheckpointError, "CheckpointError", "ERR_CHECKPOINT"],
  [BackendError, "BackendError", "ERR_BACKEND"],
])("%o carries its name, code, message and cause", (ErrorClass, name, code) => {
  const cause = new Error("disk full");
  const error = new ErrorClass("what went wrong", { cause });
  expect(error).toBeInstanceOf(Error);
  expect({ name: error.name, code: error.code, message: error.message, cause: error.cause }).toEqual({
    name,
    code,
    message: "what went wrong",
    cause,
  });
  expect(DetrkitError.isInstance(error)).toBe(true);
});

test("an error of another copy of this package is recognised; other values are not", () => {
  const foreign = Object.assign(new Error("elsewhere"), { [Symbol.for("detrkit.error")]: true, code: "ERR_SHAPE" });
  expect(foreign).not.toBeInstanceOf(DetrkitError);
  expect(DetrkitError.isInstance(foreign)).toBe(true);
  for (const other of [new Error("plain"), { code: "ERR_SHAPE" }, undefined, null, "ERR_SHAPE"])
    expect(DetrkitError.isInstance(other)).toBe(false);
});

test("the marker stays out of what is printed or serialised", () => {
  expect(Object.keys(new ShapeError("x")).toSorted()).toEqual(["code", "name"]);
});
