import './masks.css';

export { ColorFinder } from './ColorFinder.ts';
export { grayPng } from './grayPng.ts';
export { maskFromPng } from './pngMask.ts';
export { MaskLayer } from './MaskLayer.ts';
export { MaskTool } from './MaskTool.ts';
