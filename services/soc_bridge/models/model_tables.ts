/** The tables in use: the user's own first, then the product's, each compiled once. */
import { errorText } from "../../../lib/errors.ts";
import { type CompiledModel, compileModel } from "./compiled_model.ts";
import { type ModelFile, parseModelFile } from "./model_files.ts";
import type { ModelSpec } from "./model_spec.ts";
import { type FoundModel, matchModel, MODELS } from "./models.ts";

/** See the file comment. */
export class ModelTables {
  readonly #compiled = new Map<ModelSpec, Promise<CompiledModel>>();
  #models: readonly ModelSpec[] = MODELS;

  /**
   * Puts the user's tables before the product's. A file that cannot be used is left out; the product's own always work.
   *
   * @returns what is wrong, one text a file
   */
  async addFiles(files: readonly ModelFile[]): Promise<string[]> {
    const own: ModelSpec[] = [];
    const problems: string[] = [];
    for (const file of files) {
      try {
        const models = parseModelFile(file);
        for (const spec of models) await this.compile(spec, `model file "${file.name}"`);
        own.push(...models);
      } catch (error) {
        problems.push(errorText(error));
      }
    }
    this.#models = [...own, ...MODELS];
    return problems;
  }

  /** The table of a serial number; undefined for models that no table knows. */
  match(sn: string): FoundModel | undefined {
    return matchModel(sn, this.#models);
  }

  /** A table, ready to read messages by. @param source Named when it is wrong */
  compile(spec: ModelSpec, source?: string): Promise<CompiledModel> {
    const compiled = this.#compiled.get(spec) ?? compileModel(spec, source);
    this.#compiled.set(spec, compiled);
    return compiled;
  }
}
