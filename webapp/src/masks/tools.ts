import './masks.css';

export { grayPng } from './grayPng.ts';
export { maskFromPng } from './pngMask.ts';
export { MaskLayer } from './MaskLayer.ts';
export { MaskTool } from './MaskTool.ts';
export { NetworkFinder } from './NetworkFinder.ts';
