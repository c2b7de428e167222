package mesh

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"

	"gen3d/internal/job"
)

// previewColors limits the colors of a preview.
const previewColors = 56

// The camera and light of previews, in the mesh's coordinates.
const (
	previewYaw      = 24 * math.Pi / 180 // the camera is to the right of the photo's viewpoint
	previewPitch    = 12 * math.Pi / 180 // and above it
	previewDistance = 3.6                // from the center of a mesh whose longest side is 1
	previewMargin   = 0.07               // share of the picture on each side
	previewSamples  = 2                  // samples per pixel in each direction
	groundGap       = 0.01               // between the ground and a mesh whose longest side is 1
	shadowDepth     = 0.5                // share of skylight occluded where the mesh touches the ground
)

var (
	sinYaw, cosYaw     = sinCos(previewYaw)
	sinPitch, cosPitch = sinCos(previewPitch)

	keyLight  = unit(Vec3{-0.45, 0.75, 0.75})
	fillLight = unit(Vec3{0.9, 0.15, 0.35})
)

// sinCos returns the sine and cosine of an angle in radians.
func sinCos(angle float64) (sin, cos float32) {
	s, c := math.Sincos(angle)
	return float32(s), float32(c)
}

// Preview renders the mesh as a square PNG of [job.PreviewSide] pixels per side:
// a three-quarter view in soft light with a shadow on the ground and a transparent
// background. A list shows many of them, so it has few colors: 7 KB instead of
// 50. (WebP would have all colors in 6 KB, but there is no maintained encoder of
// lossy WebP in Go without cgo; the worker has one.)
func (m *Mesh) Preview() ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("drawing preview: %w", err)
	}
	v := newView(m, job.PreviewSide*previewSamples)
	v.draw(m)
	picture := v.resolve(v.shadow(m))
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, withPalette(picture, previewColors)); err != nil {
		return nil, fmt.Errorf("drawing preview: %w", err)
	}
	return out.Bytes(), nil
}

// view is the frame buffer: samples of linear light with their depth.
type view struct {
	side   int       // samples per side
	light  []Vec3    // linear light
	depth  []float32 // distance along the view; +Inf for the background
	center Vec3      // of the mesh
	unit   float32   // 1 / the mesh's longest side
	zoom   float32   // samples per unit at distance 1
	shift  [2]float32
	ground float32 // y of the plane that receives the shadow
}

// newView returns a view of side × side samples, zoomed to the mesh.
func newView(m *Mesh, side int) *view {
	v := &view{side: side, light: make([]Vec3, side*side), depth: make([]float32, side*side)}
	for i := range v.depth {
		v.depth[i] = float32(math.Inf(1))
	}
	b := m.Bounds()
	longest := float32(0)
	for k := range v.center {
		v.center[k] = (b.Min[k] + b.Max[k]) / 2
		longest = max(longest, b.Max[k]-b.Min[k])
	}
	v.unit = 1
	if longest > 0 {
		v.unit = 1 / longest
	}
	// Fit the projected vertices, not the bounding sphere: measure with zoom 1,
	// then scale.
	v.zoom = 1
	low, high := [2]float32{math.MaxFloat32, math.MaxFloat32}, [2]float32{-math.MaxFloat32, -math.MaxFloat32}
	v.ground = b.Min[1] - groundGap/v.unit
	for _, p := range m.Positions {
		for _, seen := range [2]Vec3{v.project(p), v.project(Vec3{p[0], v.ground, p[2]})} {
			for k := range low {
				low[k], high[k] = min(low[k], seen[k]), max(high[k], seen[k])
			}
		}
	}
	free := float32(side) * (1 - 2*previewMargin)
	v.zoom = free / max(high[0]-low[0], high[1]-low[1], 1e-3)
	for k := range v.shift {
		v.shift[k] = float32(side)/2 - v.zoom*(low[k]+high[k])/2
	}
	return v
}

// project returns the picture coordinates of a point of the mesh: x and y in
// samples, y down, and the distance along the view.
func (v *view) project(p Vec3) Vec3 {
	x, y, z := (p[0]-v.center[0])*v.unit, (p[1]-v.center[1])*v.unit, (p[2]-v.center[2])*v.unit
	x, z = x*cosYaw-z*sinYaw, x*sinYaw+z*cosYaw
	y, z = y*cosPitch-z*sinPitch, y*sinPitch+z*cosPitch
	distance := previewDistance - z
	return Vec3{v.shift[0] + v.zoom*x/distance, v.shift[1] - v.zoom*y/distance, distance}
}

// draw renders the mesh's triangles with lighting per vertex.
func (v *view) draw(m *Mesh) {
	normals := m.normals()
	seen := make([]Vec3, len(m.Positions))
	lit := make([]Vec3, len(m.Positions))
	for i, p := range m.Positions {
		seen[i] = v.project(p)
		lit[i] = shade(m.Colors[i], normals[i])
	}
	for _, t := range m.Triangles {
		v.fill([3]Vec3{seen[t[0]], seen[t[1]], seen[t[2]]}, [3]Vec3{lit[t[0]], lit[t[1]], lit[t[2]]})
	}
}

// shade returns the light from a point with the given color and normal: a
// bright sky above a warm ground, a key light from the upper left and a weak
// fill light from the right. The colors already include the photo's lighting,
// so the factors sum to about 1.
func shade(color [4]uint8, n Vec3) Vec3 {
	key := max(0, 0.25+0.75*dot(n, keyLight)) // wraps around the edge, like the light of a large lamp
	fill := max(0, dot(n, fillLight))
	sky := 0.5 + 0.5*n[1]
	var lit Vec3
	for k, ground := range [3]float32{0.34, 0.32, 0.30} {
		lit[k] = linear[color[k]] * (ground + (0.48-ground)*sky + 0.72*key + 0.14*fill)
	}
	return lit
}

// dot returns the scalar product.
func dot(a, b Vec3) float32 {
	return a[0]*b[0] + a[1]*b[1] + a[2]*b[2]
}

// fill rasterizes one triangle with a depth test, without culling.
func (v *view) fill(p, light [3]Vec3) {
	area := (p[1][0]-p[0][0])*(p[2][1]-p[0][1]) - (p[2][0]-p[0][0])*(p[1][1]-p[0][1])
	if area == 0 {
		return
	}
	left, right := v.samples(min(p[0][0], p[1][0], p[2][0]), max(p[0][0], p[1][0], p[2][0]))
	top, bottom := v.samples(min(p[0][1], p[1][1], p[2][1]), max(p[0][1], p[1][1], p[2][1]))
	for y := top; y <= bottom; y++ {
		for x := left; x <= right; x++ {
			sx, sy := float32(x)+0.5, float32(y)+0.5
			a := ((p[1][0]-sx)*(p[2][1]-sy) - (p[2][0]-sx)*(p[1][1]-sy)) / area
			b := ((p[2][0]-sx)*(p[0][1]-sy) - (p[0][0]-sx)*(p[2][1]-sy)) / area
			c := 1 - a - b
			if a < 0 || b < 0 || c < 0 {
				continue
			}
			at := y*v.side + x
			depth := a*p[0][2] + b*p[1][2] + c*p[2][2]
			if depth >= v.depth[at] {
				continue
			}
			v.depth[at] = depth
			for k := range 3 {
				v.light[at][k] = a*light[0][k] + b*light[1][k] + c*light[2][k]
			}
		}
	}
}

// samples returns the first and last sample of the view whose centers can lie
// between two coordinates.
func (v *view) samples(low, high float32) (first, last int) {
	return max(0, int(math.Ceil(float64(low)-0.5))), min(v.side-1, int(math.Floor(float64(high)-0.5)))
}

// shadow returns the share of skylight that the mesh occludes at each pixel of
// the ground just below it: its silhouette from above, projected to the ground
// and blurred.
func (v *view) shadow(m *Mesh) []float32 {
	side := v.side / previewSamples
	flat := &view{side: side, light: make([]Vec3, side*side), depth: make([]float32, side*side)}
	for i := range flat.depth {
		flat.depth[i] = float32(math.Inf(1))
	}
	seen := make([]Vec3, len(m.Positions))
	for i, p := range m.Positions {
		s := v.project(Vec3{p[0], v.ground, p[2]})
		// Parts higher above the ground cast a fainter shadow. The depth has their
		// height.
		seen[i] = Vec3{s[0] / previewSamples, s[1] / previewSamples, (p[1] - v.ground) * v.unit}
	}
	for _, t := range m.Triangles {
		flat.fill([3]Vec3{seen[t[0]], seen[t[1]], seen[t[2]]}, [3]Vec3{})
	}
	dark := make([]float32, side*side)
	for i, height := range flat.depth {
		if !math.IsInf(float64(height), 1) {
			dark[i] = shadowDepth / (1 + 3*height)
		}
	}
	for range 3 { // three box blurs approximate a Gaussian
		blur(dark, side, side/48)
	}
	return dark
}

// blur applies a box blur of 2·radius+1 pixels in each direction to a square
// picture, with zeros beyond its edges.
func blur(pixels []float32, side, radius int) {
	line := make([]float32, side)
	pass := func(start, step int) {
		var sum float32
		for i := range side {
			line[i] = pixels[start+i*step]
		}
		for i := range min(radius, side) {
			sum += line[i]
		}
		for i := range side {
			if i+radius < side {
				sum += line[i+radius]
			}
			if i-radius-1 >= 0 {
				sum -= line[i-radius-1]
			}
			pixels[start+i*step] = sum / float32(2*radius+1)
		}
	}
	for i := range side {
		pass(i*side, 1)
	}
	for i := range side {
		pass(i, side)
	}
}

// resolve averages the samples of each pixel and composites the mesh over its
// shadow.
func (v *view) resolve(shadow []float32) *image.NRGBA {
	side := v.side / previewSamples
	picture := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			var sum Vec3
			covered := 0
			for dy := range previewSamples {
				for dx := range previewSamples {
					at := (y*previewSamples+dy)*v.side + x*previewSamples + dx
					if math.IsInf(float64(v.depth[at]), 1) {
						continue
					}
					covered++
					for k := range sum {
						sum[k] += v.light[at][k]
					}
				}
			}
			cover := float32(covered) / (previewSamples * previewSamples)
			under := (1 - cover) * min(max(shadow[y*side+x], 0), 1)
			alpha := cover + under
			if alpha < 1.0/512 {
				continue
			}
			pixel := picture.Pix[picture.PixOffset(x, y):]
			for k := range sum {
				light := float32(0)
				if covered > 0 {
					light = sum[k] / float32(covered)
				}
				// The shadow is black, so the color is the mesh's color times its share.
				pixel[k] = uint8(float32(toSRGB(light))*cover/alpha + 0.5)
			}
			pixel[3] = uint8(alpha*255 + 0.5)
		}
	}
	return picture
}
