/** Steps of the depth: more than are told apart in a picture. */
const steps = 1 << 16;

/**
 * Orders points from the farthest to the nearest along `direction`, the way in which the camera looks,
 * by counting how many have each depth: its time grows with the number of points only.
 */
export function backToFront(
  positions: Float32Array,
  direction: readonly [number, number, number],
): Uint32Array<ArrayBuffer> {
  const count = positions.length / 3;
  const [dx, dy, dz] = direction;
  const depths = new Float32Array(count);
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < count; i += 1) {
    const depth =
      (positions[i * 3] as number) * dx +
      (positions[i * 3 + 1] as number) * dy +
      (positions[i * 3 + 2] as number) * dz;
    depths[i] = depth;
    if (depth < least) least = depth;
    if (depth > most) most = depth;
  }
  const scale = most > least ? (steps - 1) / (most - least) : 0;
  const places = new Uint32Array(steps + 1);
  const steps16 = new Uint16Array(count);
  for (let i = 0; i < count; i += 1) {
    const step = ((most - (depths[i] as number)) * scale) | 0;
    steps16[i] = step;
    places[step + 1] = (places[step + 1] as number) + 1;
  }
  for (let step = 1; step <= steps; step += 1)
    places[step] = (places[step] as number) + (places[step - 1] as number);
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) {
    const step = steps16[i] as number;
    const place = places[step] as number;
    order[place] = i;
    places[step] = place + 1;
  }
  return order;
}
