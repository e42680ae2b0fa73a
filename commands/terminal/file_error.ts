/** Errors of the system about files, with the cure where there is one. */
import { errorText } from "../../lib/errors.ts";

/** The error's text; when the file may not be read or written, that root may. The runtime's text names the file. */
export function fileErrorText(error: unknown): string {
  const text = errorText(error);
  return isDenied(error, text) ? `${text}; it belongs to another user: try the same with sudo` : text;
}

/** Whether the system refused something about a file: what is wrong is on this machine, and no fault of the program. */
export function isFileError(error: unknown): boolean {
  const { NotFound, PermissionDenied, AlreadyExists, NotADirectory, IsADirectory, FilesystemLoop } =
    Deno.errors;
  const kinds = [NotFound, PermissionDenied, AlreadyExists, NotADirectory, IsADirectory, FilesystemLoop];
  return kinds.some((kind) => error instanceof kind) ||
    (error instanceof Error && /\(os error \d+\)|^E[A-Z]+: /.test(error.message));
}

function isDenied(error: unknown, text: string): boolean {
  return (error instanceof Error && error.name === "PermissionDenied") ||
    /\b(EACCES|EPERM)\b|permission denied \(os error 13\)/i.test(text);
}
