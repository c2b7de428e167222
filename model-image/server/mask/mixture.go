package mask

import (
	"math"
	"math/rand/v2"
)

// feature is the feature vector of a pixel: the color in OKLab times 100, then
// the position across and down the box. With the position, a color can belong
// to the surroundings on one side of the object and to the object on another.
type feature [5]float32

const (
	components  = 8
	mostSamples = 2000 // maximum samples to fit a mixture to; more do not improve it
	noiseFloor  = 2.0  // variance added to each color axis: sensor noise and JPEG, in units of 100 × OKLab, squared
	placeFloor  = 9    // variance added to positions, which gives color more weight
	fitRounds   = 8

	tail = -6 // nats below the most likely component at which another hardly adds to a density
)

// mixture is a Gaussian mixture over features. The zero mixture has no
// components and the same low density everywhere.
type mixture []gaussian

// gaussian is one component: its mean, the inverse covariance of its colors
// (xx, xy, xz, yy, yz, zz), the inverse variances of its positions and the
// logarithm of its weight and normalization. Position is assumed to be
// independent of color.
type gaussian struct {
	mean    feature
	spread  [2]float32 // inverse variances of the position
	inverse [6]float32
	log     float32
}

// newMixture fits a mixture to the samples: k-means clusters, each fitted with
// a Gaussian. It is deterministic.
func newMixture(samples []feature) mixture {
	if len(samples) > mostSamples {
		step := float64(len(samples)) / mostSamples
		thinned := make([]feature, mostSamples)
		for i := range thinned {
			thinned[i] = samples[int(float64(i)*step)]
		}
		samples = thinned
	}
	if len(samples) == 0 {
		return nil
	}
	centers := spreadCenters(samples)
	member := make([]int, len(samples))
	for range fitRounds {
		sums := make([][6]float64, len(centers))
		for i, s := range samples {
			member[i] = nearest(centers, s)
			for k := range s {
				sums[member[i]][k] += float64(s[k])
			}
			sums[member[i]][5]++
		}
		for j, sum := range sums {
			if sum[5] > 0 {
				for k := range centers[j] {
					centers[j][k] = float32(sum[k] / sum[5])
				}
			}
		}
	}
	return gaussians(samples, member, len(centers))
}

// spreadCenters returns initial centers by k-means++: samples drawn with a
// probability proportional to their squared distance from the centers so far.
// The random source is seeded with a constant.
func spreadCenters(samples []feature) []feature {
	rng := rand.New(rand.NewPCG(1, 2))
	centers := []feature{samples[rng.IntN(len(samples))]}
	far := make([]float64, len(samples)) // from the nearest center
	for i := range far {
		far[i] = math.Inf(1)
	}
	for len(centers) < components {
		last := centers[len(centers)-1]
		var sum float64
		for i, s := range samples {
			far[i] = min(far[i], distance(s, last))
			sum += far[i]
		}
		if sum == 0 { // fewer colors than components
			break
		}
		pick := rng.Float64() * sum
		chosen := len(samples) - 1
		for i, f := range far {
			if pick -= f; pick < 0 {
				chosen = i
				break
			}
		}
		centers = append(centers, samples[chosen])
	}
	return centers
}

// nearest returns the index of the center closest to a feature.
func nearest(centers []feature, c feature) int {
	best, least := 0, math.Inf(1)
	for j, center := range centers {
		if d := distance(center, c); d < least {
			best, least = j, d
		}
	}
	return best
}

// distance returns the squared distance of two features, in the precision of the
// page's numbers: the choice of samples depends on it.
func distance(a, b feature) float64 {
	x, y, z := float64(a[0])-float64(b[0]), float64(a[1])-float64(b[1]), float64(a[2])-float64(b[2])
	u, v := float64(a[3])-float64(b[3]), float64(a[4])-float64(b[4])
	return x*x + y*y + z*z + u*u + v*v
}

// gaussians fits a Gaussian to each cluster.
func gaussians(samples []feature, member []int, clusters int) mixture {
	type moments struct{ n, x, y, z, xx, xy, xz, yy, yz, zz, u, v, uu, vv float64 }
	all := make([]moments, clusters)
	for i, s := range samples {
		m := &all[member[i]]
		x, y, z := float64(s[0]), float64(s[1]), float64(s[2])
		m.n++
		m.x, m.y, m.z = m.x+x, m.y+y, m.z+z
		m.xx, m.xy, m.xz = m.xx+x*x, m.xy+x*y, m.xz+x*z
		u, v := float64(s[3]), float64(s[4])
		m.u, m.v, m.uu, m.vv = m.u+u, m.v+v, m.uu+u*u, m.vv+v*v
		m.yy, m.yz, m.zz = m.yy+y*y, m.yz+y*z, m.zz+z*z
	}
	var out mixture
	for _, m := range all {
		if m.n == 0 {
			continue
		}
		x, y, z := m.x/m.n, m.y/m.n, m.z/m.n
		xx, yy, zz := m.xx/m.n-x*x+noiseFloor, m.yy/m.n-y*y+noiseFloor, m.zz/m.n-z*z+noiseFloor
		xy, xz, yz := m.xy/m.n-x*y, m.xz/m.n-x*z, m.yz/m.n-y*z
		u, v := m.u/m.n, m.v/m.n
		uu, vv := m.uu/m.n-u*u+placeFloor, m.vv/m.n-v*v+placeFloor
		det := xx*(yy*zz-yz*yz) - xy*(xy*zz-yz*xz) + xz*(xy*yz-yy*xz)
		out = append(out, gaussian{
			mean:   feature{float32(x), float32(y), float32(z), float32(u), float32(v)},
			spread: [2]float32{float32(1 / uu), float32(1 / vv)},
			inverse: [6]float32{
				float32((yy*zz - yz*yz) / det), float32((xz*yz - xy*zz) / det), float32((xy*yz - xz*yy) / det),
				float32((xx*zz - xz*xz) / det), float32((xy*xz - xx*yz) / det), float32((xx*yy - xy*xy) / det),
			},
			log: float32(math.Log(m.n/float64(len(samples))) - 0.5*math.Log(det*uu*vv) - 2.5*math.Log(2*math.Pi)),
		})
	}
	return out
}

// logDensity returns the natural logarithm of the mixture's density at a
// feature.
func (m mixture) logDensity(c feature) float32 {
	const nothing = -60 // below any log density that matters after clipping the fit
	var logs [components]float32
	most := float32(nothing)
	for j, g := range m {
		x, y, z := c[0]-g.mean[0], c[1]-g.mean[1], c[2]-g.mean[2]
		q := g.inverse
		logs[j] = g.log - 0.5*(x*x*q[0]+y*y*q[3]+z*z*q[5]) - (x*y*q[1] + x*z*q[2] + y*z*q[4])
		u, v := c[3]-g.mean[3], c[4]-g.mean[4]
		logs[j] -= 0.5 * (u*u*g.spread[0] + v*v*g.spread[1])
		most = max(most, logs[j])
	}
	var sum float64
	for _, l := range logs[:len(m)] {
		if d := l - most; d > tail {
			sum += math.Exp(float64(d))
		}
	}
	if sum == 0 {
		return nothing
	}
	return most + float32(math.Log(sum))
}

// linearLight maps 8-bit sRGB to linear light.
var linearLight = func() (table [256]float64) {
	for i := range table {
		c := float64(i) / 255
		if c <= 0.04045 {
			table[i] = c / 12.92
		} else {
			table[i] = math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return table
}()

// okLab converts an sRGB color to OKLab (Björn Ottosson,
// https://bottosson.github.io/posts/oklab/), times 100: lightness 0..100 and
// two color axes. Distances in it correspond approximately to perceived
// differences.
func okLab(red, green, blue uint8) [3]float32 {
	r, g, b := linearLight[red], linearLight[green], linearLight[blue]
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	return [3]float32{
		float32(100 * (0.2104542553*l + 0.7936177850*m - 0.0040720468*s)),
		float32(100 * (1.9779984951*l - 2.4285922050*m + 0.4505937099*s)),
		float32(100 * (0.0259040371*l + 0.7827717662*m - 0.8086757660*s)),
	}
}
