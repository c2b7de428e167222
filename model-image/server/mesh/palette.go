package mesh

import (
	"image"
	"image/color"
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

// withPalette returns the picture in at most so many colors, by median cut: the
// set of tones with the widest range of a channel is divided at its median until
// there are enough sets. Pixels are not dithered, which would undo the compression.
func withPalette(picture *image.NRGBA, colors int) *image.Paletted {
	keys := make([]uint32, len(picture.Pix)/4)
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
		}
		for k, c := range channels {
			t.sum[k] += uint64(c)
		}
		t.pixels++
	}
	all := make([]*tone, 0, len(byKey))
	for _, t := range byKey {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *tone) int { return int(a.key) - int(b.key) }) // the order of a map is random
	if len(all) == 0 {
		return image.NewPaletted(picture.Rect, color.Palette{color.NRGBA{}})
	}
	sets := [][]*tone{all}
	for len(sets) < colors-1 {
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
	palette := color.Palette{color.NRGBA{}}
	index := map[uint32]uint8{transparent: 0}
	for _, set := range sets {
		for _, t := range set {
			index[t.key] = uint8(len(palette))
		}
		palette = append(palette, meanColor(set))
	}
	reduced := image.NewPaletted(picture.Rect, palette)
	for i, key := range keys {
		reduced.Pix[i] = index[key]
	}
	return reduced
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
