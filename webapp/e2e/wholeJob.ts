/** An object whose mesh is shown. */
export const cup = { label: 'cup', box: [170, 15, 420, 290] };

/** A mesh, a mesh whose mask is to be checked, and a failure; the scene lacks the second. */
export const objects = [
  cup,
  { label: 'saucer', box: [90, 90, 485, 395], checkMask: true },
  { label: 'spoon', box: [20, 60, 90, 320], fails: 'No object stands out in box 3.' },
];
export const wholeJob = {
  objects,
  scene: { state: 'succeeded' as const, formats: ['glb', 'splat'], unplaced: [2] },
};
