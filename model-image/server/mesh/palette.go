package mesh

import (
	"cmp"
	"image"
	"image/color"
	"math"
	"slices"
)

// coarse is the number of low bits by which colors differ that are counted as
// one.
const coarse = 3

// tone is one of the colors of a picture, with its channels multiplied by its
// alpha, and the number of its pixels.
type tone struct {
	key    uint32
	sum    [4]uint64 // of the pixels' channels and alphas
	pixels uint64
}

func (t *tone) mean(channel int) uint64 { return t.sum[channel] / t.pixels }

// transparent is the key of pixels that are transparent or nearly so. They become
// fully transparent.
const transparent = 0

// refinements is the number of times that the colors of a palette are moved to the
// means of the tones nearest to them. Further ones change little.
const refinements = 4

// withPalette returns the picture in at most so many colors. Median cut gives the
// first ones: the set of tones with the widest range of a channel is divided at its
// median until there are enough sets. They are then refined by k-means. Pixels are
// not dithered, which would undo the compression.
func withPalette(picture *image.NRGBA, colors int) *image.Paletted {
	keys, all := tonesOf(picture)
	reduced := image.NewPaletted(picture.Rect, color.Palette{color.NRGBA{}})
	if len(all) == 0 {
		return reduced
	}
	sets := cut(all, colors-1)
	for range refinements {
		sets = refine(sets, all)
	}
	index := map[uint32]uint8{transparent: 0}
	for _, set := range sets {
		for _, t := range set {
			index[t.key] = uint8(len(reduced.Palette))
		}
		reduced.Palette = append(reduced.Palette, meanColor(set))
	}
	for i, key := range keys {
		reduced.Pix[i] = index[key]
	}
	return reduced
}

// tonesOf returns the key of each pixel's tone, and the tones that are not
// transparent in the order of their keys.
func tonesOf(picture *image.NRGBA) (keys []uint32, all []*tone) {
	keys = make([]uint32, len(picture.Pix)/4)
	byKey := map[uint32]*tone{}
	for i := range keys {
		p := picture.Pix[4*i : 4*i+4]
		a := uint32(p[3])
		channels := [4]uint32{uint32(p[0]) * a / 255, uint32(p[1]) * a / 255, uint32(p[2]) * a / 255, a}
		for _, c := range channels {
			keys[i] = keys[i]<<8 | c>>coarse
		}
		if keys[i] == transparent {
			continue
		}
		t := byKey[keys[i]]
		if t == nil {
			t = &tone{key: keys[i]}
			byKey[keys[i]] = t
			all = append(all, t)
		}
		for k, c := range channels {
			t.sum[k] += uint64(c)
		}
		t.pixels++
	}
	slices.SortFunc(all, func(a, b *tone) int { return cmp.Compare(a.key, b.key) })
	return keys, all
}

// cut divides the tones into at most so many sets by median cut.
func cut(all []*tone, most int) [][]*tone {
	sets := [][]*tone{slices.Clone(all)}
	for len(sets) < most {
		widest, channel, extent := 0, 0, uint64(0)
		for i, set := range sets {
			if k, e := spread(set); e > extent {
				widest, channel, extent = i, k, e
			}
		}
		if extent == 0 {
			break
		}
		set := sets[widest]
		at := median(set, channel)
		sets[widest] = set[:at]
		sets = append(sets, set[at:])
	}
	return sets
}

// refine returns the sets of the tones that are nearest to the mean of each set; a
// set that gets none is left out.
func refine(sets [][]*tone, all []*tone) [][]*tone {
	means := make([][4]float32, len(sets))
	for i, set := range sets {
		var sum [4]uint64
		var pixels uint64
		for _, t := range set {
			for k := range sum {
				sum[k] += t.sum[k]
			}
			pixels += t.pixels
		}
		for k := range sum {
			means[i][k] = float32(sum[k]) / float32(pixels)
		}
	}
	refined := make([][]*tone, len(sets))
	for _, t := range all {
		var own [4]float32
		for k := range own {
			own[k] = float32(t.sum[k]) / float32(t.pixels)
		}
		nearest, least := 0, float32(math.MaxFloat32)
		for i, mean := range means {
			var distance float32
			for k := range mean {
				d := own[k] - mean[k]
				distance += float32(d * d) // converted, so that no machine fuses it with the sum
			}
			if distance < least {
				nearest, least = i, distance
			}
		}
		refined[nearest] = append(refined[nearest], t)
	}
	return slices.DeleteFunc(refined, func(set []*tone) bool { return len(set) == 0 })
}

// spread returns the channel of the tones with the widest range, and the range.
func spread(set []*tone) (channel int, extent uint64) {
	for k := range 4 {
		low, high := set[0].mean(k), set[0].mean(k)
		for _, t := range set {
			low, high = min(low, t.mean(k)), max(high, t.mean(k))
		}
		if high-low > extent {
			channel, extent = k, high-low
		}
	}
	return channel, extent
}

// median sorts the tones by a channel in which they differ, and returns where
// half of the pixels are passed, with at least one tone on either side.
func median(set []*tone, channel int) int {
	slices.SortStableFunc(set, func(a, b *tone) int { return int(a.mean(channel)) - int(b.mean(channel)) })
	var total, passed uint64
	for _, t := range set {
		total += t.pixels
	}
	for i, t := range set {
		if passed += t.pixels; 2*passed >= total {
			return min(i+1, len(set)-1)
		}
	}
	return len(set) - 1
}

// meanColor returns the mean color of the tones.
func meanColor(set []*tone) color.NRGBA {
	var sum [4]uint64
	var pixels uint64
	for _, t := range set {
		for k := range sum {
			sum[k] += t.sum[k]
		}
		pixels += t.pixels
	}
	if sum[3] == 0 {
		return color.NRGBA{}
	}
	channel := func(k int) uint8 { return uint8(min(255, (sum[k]*255+sum[3]/2)/sum[3])) }
	return color.NRGBA{channel(0), channel(1), channel(2), uint8((sum[3] + pixels/2) / pixels)}
}
