import { expect, it } from 'vitest';
import { Random } from './random.ts';

it('draws as rand.New(rand.NewPCG(1, 2)) of Go does', () => {
  // The first values of Go's own test of PCG with these seeds (math/rand/v2/pcg_test.go).
  const firsts = [0xc4f5a58656eef510n, 0x9dcec3ad077dec6cn];
  expect(new Random(1n, 2n).below(1 << 20)).toBe(Number((firsts[0] as bigint) & 0xfffffn));
  const random = new Random(1n, 2n);
  expect(random.share()).toBe(Number((firsts[0] as bigint) & ((1n << 53n) - 1n)) / 2 ** 53);
  expect(random.below(1000)).toBe(Number(((firsts[1] as bigint) * 1000n) >> 64n));
});
