/** Why the storage refused the photo, in words for the user. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
  constructor(
    message: string,
    /** The error code of S3, or "network". */
    readonly code: string,
  ) {
    super(message);
  }
}
