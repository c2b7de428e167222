/**
 * What is needed once there is a photo: the workbench with its drawing library, the queue and the
 * submission, in a chunk of its own.
 */
export { Desk } from './Desk.ts';
export { Earlier } from './Earlier.ts';
