package mask

import (
	"context"
	"image"
	"math"

	"gen3d/internal/job"
)

// ColorModel finds an object by its colors. It fits two Gaussian mixtures, one
// to the colors of the object and one to those of its surroundings. The first
// estimate comes from the positions of pixels in the box; then mixtures and
// outline are refined alternately. The outline minimizes an energy of three
// terms: the fit of each pixel to the mixtures, the length of the outline, and
// the contrast along it.
//
// The method follows GrabCut (Rother, Kolmogorov, Blake 2004), but the outline
// is the minimum of a convex energy (Chan, Esedoglu, Nikolova 2006), found by a
// primal-dual algorithm (Chambolle, Pock 2011), which has no preferred
// directions and so produces no staircase artifacts.
type ColorModel struct{}

// Parameters of the color model, tuned on sample photos.
const (
	fineSide         = 208 // longest side of the raster of the final outline
	fullSide         = 288 // a part of the photo that is not larger is its own raster
	coarseSide       = 112 // longest side of the raster for fitting the mixtures
	searchSide       = 112 // longest side of the raster for finding an object in the whole picture
	marginShare      = 0.2 // margin around the box, as a share of its side
	rounds           = 5   // maximum rounds of refinement
	correctionRounds = 2   // the same, after each point
	markedRounds     = 3   // the same, where points alone mark the object

	fitWeight  = 0.09 // of a pixel's fit, relative to one raster point of outline
	fitClip    = 5    // nats; limits the weight of a single pixel
	placePrior = 0.7  // nats in favor of the box's center, and against its corners
	smoothEdge = 0.06 // cost of a raster point of outline on the sharpest edge

	placeWeight = 12   // half a box counts as much as a color difference of 12 in 100 × OKLab
	fullMargin  = 0.25 // share of the region outside the box at which positions have full weight

	certain = 3.5 // nats of support by the user's points above which their side is certain when colors are learned

	// Minimum separation of object and surroundings in nats; below it there is no
	// object. In a box that a user drew one is expected: noise has 0.000 there, and
	// fur on fur of the same animal 0.13 to 0.41.
	leastSeparation      = 0.6
	leastSeparationBoxed = 0.06

	coarseSteps = 40 // primal-dual steps per round
	fineSteps   = 24 // from the dual variables of the coarse outline
	bandReach   = 5  // points of the fine raster on either side of the coarse outline that may change
)

// Segment implements [Segmenter].
func (ColorModel) Segment(ctx context.Context, photo image.Image, prompt Prompt) (*Mask, error) {
	box := prompt.Box.Intersect(photo.Bounds())
	marked := false // points inside
	for _, p := range prompt.Points {
		marked = marked || p.Inside && pixelAt(p).In(photo.Bounds())
	}
	placed := prompt.Boxed || !marked
	if !placed {
		var err error
		if box, err = search(ctx, photo, prompt.Points); err != nil {
			return nil, err
		}
	}
	coarse, err := newScene(photo, box, coarseSide, placed).follow(ctx, photo, prompt.Points)
	if err != nil {
		return nil, err
	}
	least := leastSeparation
	if prompt.Boxed {
		least = leastSeparationBoxed
	}
	if !marked && coarse.separation(coarse.inside) < least {
		return New(coarse.part, 1, 1), nil
	}
	s := newScene(photo, coarse.box, fineSideOf(coarse.part), placed)
	s.support = coarse.resample(coarse.support, s)
	s.resume(coarse.scene)
	seeds := s.seeds(photo, prompt.Points)
	s.fix(seeds)
	inside := coarse.resample(coarse.inside, s)
	band := s.band(inside, bandReach, seeds)
	inside = s.outline(s.fit(coarse.object, coarse.surroundings, band), inside, band, fineSteps)

	m := New(s.part, s.width, s.height)
	for i, v := range inside {
		switch {
		case s.known[i] > 0:
			m.Cover[i] = 255
		case s.known[i] == 0:
			m.Cover[i] = uint8(v*255 + 0.5) // subpixel coverage along the outline
		}
	}
	m.clean(seeds)
	for i, k := range s.known {
		if k < 0 { // rounding corners may have extended it beyond the box
			m.Cover[i] = 0
		}
	}
	m = m.sharpen(photo)
	m.confine(s.box)
	m.set(prompt.Points)
	return m, nil
}

// fineSideOf returns the longest side of the raster of the final outline over a part
// of the photo.
func fineSideOf(part image.Rectangle) int {
	if side := max(part.Dx(), part.Dy()); side <= fullSide {
		return side
	}
	return fineSide
}

// search returns a box around the object that points mark in the whole picture.
func search(ctx context.Context, photo image.Image, points []job.Point) (image.Rectangle, error) {
	whole := photo.Bounds()
	s, err := newScene(photo, whole, searchSide, false).follow(ctx, photo, points)
	if err != nil {
		return image.Rectangle{}, err
	}
	var found image.Rectangle
	for i, v := range s.inside {
		if v >= 0.5 || s.known[i] > 0 {
			found = found.Union(image.Rect(i%s.width, i/s.width, i%s.width+1, i/s.width+1))
		}
	}
	room := 1 + max(found.Dx(), found.Dy())/10
	found = found.Inset(-room)
	return image.Rectangle{
		Min: whole.Min.Add(image.Pt(found.Min.X*whole.Dx()/s.width, found.Min.Y*whole.Dy()/s.height)),
		Max: whole.Min.Add(image.Pt(found.Max.X*whole.Dx()/s.width, found.Max.Y*whole.Dy()/s.height)),
	}.Intersect(whole), nil
}

// found is what has been found in a scene.
type found struct {
	*scene
	object, surroundings mixture
	inside               []float32 // one half and more in the object
}

// follow finds the object, first without the user's points, then with one more of
// them at a time: a point corrects what was found without it, so that it must not
// change what was right. A point of the object outside the box extends the box;
// the scene of what is returned is then another one.
func (s *scene) follow(ctx context.Context, photo image.Image, points []job.Point) (*found, error) {
	f := &found{scene: s, inside: s.firstGuess()}
	if s.placed {
		if err := f.refine(ctx, rounds); err != nil {
			return nil, err
		}
	}
	for n, p := range points {
		if at := pixelAt(p); p.Inside && at.In(photo.Bounds()) && !at.In(f.box) {
			f.extend(photo, at, points[:n])
		}
		for _, one := range f.seeds(photo, points[n:n+1]) {
			f.fix([]seed{one})
			depth := f.depth(one, f.inside)
			f.supportBy(one, f.reach(depth))
			if !one.inside {
				f.inside = f.without(one, depth, f.inside)
			}
			for i := range f.inside {
				switch {
				case f.known[i] > 0 || f.support[i] > certain:
					f.inside[i] = 1
				case f.known[i] < 0 || f.support[i] < -certain:
					f.inside[i] = 0
				}
			}
			rounds := correctionRounds
			if !f.placed {
				rounds = markedRounds
			}
			if err := f.refine(ctx, rounds); err != nil {
				return nil, err
			}
			if !f.placed {
				f.connect(f.inside)
			}
		}
	}
	return f, nil
}

// extend extends the box by a pixel of the photo and keeps what was found with the
// points before. Finding it anew would take longer with every point.
func (f *found) extend(photo image.Image, pixel image.Rectangle, before []job.Point) {
	s := newScene(photo, f.box.Union(pixel), coarseSide, f.placed)
	s.fix(s.seeds(photo, before))
	s.support = f.resample(f.support, s)
	f.scene, f.inside = s, f.resample(f.inside, s)
}

// connect removes what is not connected to a point that certainly belongs to the
// object: other objects of its colors.
func (s *scene) connect(inside []float32) {
	m := New(image.Rect(0, 0, s.width, s.height), s.width, s.height)
	for i, v := range inside {
		if v >= 0.5 || s.known[i] > 0 {
			m.Cover[i] = 255
		}
	}
	labels, sizes := m.regions(true)
	connected := make([]bool, len(sizes))
	for i, label := range labels {
		if label >= 0 && s.known[i] > 0 {
			connected[label] = true
		}
	}
	for i, label := range labels {
		if label < 0 || !connected[label] {
			inside[i] = min(inside[i], 0.49)
		}
	}
}

// refine fits mixtures and outline alternately, in some rounds at most.
func (f *found) refine(ctx context.Context, rounds int) error {
	all := f.all()
	for range rounds {
		if err := ctx.Err(); err != nil {
			return err
		}
		f.object, f.surroundings = f.learn(f.inside)
		before := f.inside
		f.inside = f.outline(f.fit(f.object, f.surroundings, all), before, all, coarseSteps)
		if same(before, f.inside) {
			break
		}
	}
	return ctx.Err()
}

// same reports whether two outlines enclose the same points, except for a few
// per thousand.
func same(a, b []float32) bool {
	changed := 0
	for i := range a {
		if (a[i] >= 0.5) != (b[i] >= 0.5) {
			changed++
		}
	}
	return changed*400 < len(a)
}

// transparent is the color of transparent pixels, which is far from every color
// that can be seen.
var transparent = [3]float32{50, 100, 100}

// scene is the part of the photo around a box, at one resolution.
type scene struct {
	box, part     image.Rectangle // of the photo: the box, and the box with its margin
	width, height int             // of the raster over the part
	colors        []feature       // OKLab, times 100
	place         []float32       // 0 in the box's center, 1 on the ellipse that fills it, up to √2 in its corners
	known         []int8          // 1 if the point certainly belongs to the object, -1 if it does not
	support       []float32       // of the user's points; see supportBy
	placed        bool            // the object is expected in the middle of the box
	px, py        []float32       // dual variables of outline
	across, down  []float32       // weights of the steps to the next pixel; see edges
}

// newScene samples the photo around a box, in a raster with at most longest points
// on a side.
func newScene(photo image.Image, box image.Rectangle, longest int, placed bool) *scene {
	margin := image.Pt(int(float64(box.Dx())*marginShare)+1, int(float64(box.Dy())*marginShare)+1)
	around := image.Rectangle{Min: box.Min.Sub(margin), Max: box.Max.Add(margin)}.Intersect(photo.Bounds())
	width, height := fit(around, longest)
	s := &scene{
		box: box, part: around, width: width, height: height, placed: placed,
		colors: make([]feature, width*height), place: make([]float32, width*height),
		known: make([]int8, width*height), support: make([]float32, width*height),
	}
	// Positions only help if the surroundings are visible on all sides; without a
	// margin the center would always be the object.
	outside := 1 - area(box)/area(around)
	placeScale := placeWeight * min(1, outside/fullMargin)
	crop := Crop(photo, around, width, height)
	scaleX := float64(around.Dx()) / float64(width)
	scaleY := float64(around.Dy()) / float64(height)
	for y := range height {
		for x := range width {
			i := y*width + x
			pixel := crop.Pix[crop.PixOffset(x, y):]
			c := okLab(pixel[0], pixel[1], pixel[2])
			px := float64(around.Min.X) + (float64(x)+0.5)*scaleX
			py := float64(around.Min.Y) + (float64(y)+0.5)*scaleY
			dx := (px - float64(box.Min.X)) / float64(box.Dx()) * 2
			dy := (py - float64(box.Min.Y)) / float64(box.Dy()) * 2
			s.colors[i] = feature{c[0], c[1], c[2], float32((dx - 1) * placeScale), float32((dy - 1) * placeScale)}
			s.place[i] = float32(math.Hypot(dx-1, dy-1))
			if dx < 0 || dx > 2 || dy < 0 || dy > 2 || pixel[3] < Inside {
				s.known[i] = -1
			}
			if pixel[3] < Inside {
				s.colors[i][0], s.colors[i][1], s.colors[i][2] = transparent[0], transparent[1], transparent[2]
			}
		}
	}
	s.edges()
	return s
}

// firstGuess returns an ellipse that fills most of the box, if the object is
// expected in its middle.
func (s *scene) firstGuess() []float32 {
	inside := make([]float32, len(s.place))
	for i, p := range s.place {
		if s.placed && s.known[i] >= 0 && p < 0.9 {
			inside[i] = 1
		}
	}
	return inside
}

// learn fits the two mixtures to the pixels inside and outside the outline, but
// those near the user's points to their side. What is certain counts more.
func (s *scene) learn(inside []float32) (object, surroundings mixture) {
	var in, out []feature
	for i, c := range s.colors {
		switch {
		case s.known[i] < 0 && s.support[i] > -certain:
			out = append(out, c)
		case s.known[i] < 0 || s.support[i] < -certain:
			out = append(out, c, c)
		case s.known[i] > 0 || s.support[i] > certain:
			in = append(in, c, c)
		case inside[i] >= 0.5:
			in = append(in, c)
		default:
			out = append(out, c)
		}
	}
	return newMixture(in), newMixture(out)
}

// separation returns how much better the colors on each side of the outline fit
// the mixture of their side than that of the other, in nats per point, averaged
// over both sides. It ignores positions, which differ by construction.
func (s *scene) separation(inside []float32) float64 {
	bare := &scene{width: s.width, height: s.height, known: s.known, support: s.support, colors: make([]feature, len(s.colors))}
	for i, c := range s.colors {
		bare.colors[i] = feature{c[0], c[1], c[2]}
	}
	object, surroundings := bare.learn(inside)
	if object == nil || surroundings == nil {
		return 0
	}
	var in, out, nIn, nOut float64
	for i, c := range bare.colors {
		better := float64(min(fitClip, max(-fitClip, object.logDensity(c)-surroundings.logDensity(c))))
		if inside[i] >= 0.5 && s.known[i] >= 0 {
			in, nIn = in+better, nIn+1
		} else {
			out, nOut = out-better, nOut+1
		}
	}
	return (in/max(nIn, 1) + out/max(nOut, 1)) / 2
}

// fit returns for each of the points how much better it fits the surroundings
// than the object, in nats. Points that are certain have the maximum value.
func (s *scene) fit(object, surroundings mixture, points []int) []float32 {
	fit := make([]float32, len(s.colors))
	for _, i := range points {
		if s.known[i] != 0 {
			fit[i] = -float32(s.known[i]) * fitClip * 4
			continue
		}
		v := surroundings.logDensity(s.colors[i]) - object.logDensity(s.colors[i])
		if s.placed {
			v += placePrior * min(1, max(-1, 2*(s.place[i]-0.75))) // zero between center and rim
		}
		fit[i] = min(fitClip, max(-fitClip, v)) - s.support[i]
	}
	return fit
}

// resample returns values of the scene's raster at the points of another scene of
// the photo, by bilinear interpolation; 0 outside the scene's part of the photo.
func (s *scene) resample(values []float32, to *scene) []float32 {
	across := taps(to.part.Min.X, to.part.Dx(), to.width, s.part.Min.X, s.part.Dx(), s.width)
	down := taps(to.part.Min.Y, to.part.Dy(), to.height, s.part.Min.Y, s.part.Dy(), s.height)
	out := make([]float32, to.width*to.height)
	for y, v := range down {
		for x, u := range across {
			if u.first < 0 || v.first < 0 {
				continue
			}
			upper, lower := values[v.first*s.width:], values[v.second*s.width:]
			top := upper[u.first]*(1-u.weight) + upper[u.second]*u.weight
			bottom := lower[u.first]*(1-u.weight) + lower[u.second]*u.weight
			out[y*to.width+x] = top*(1-v.weight) + bottom*v.weight
		}
	}
	return out
}

// taps returns where the centers of n points from start over length pixels lie
// between m points from another start over another length; first is -1 outside
// these.
func taps(start, length, n, otherStart, otherLength, m int) []tap {
	taps := make([]tap, n)
	for i := range taps {
		pixel := float64(start-otherStart) + (float64(i)+0.5)*float64(length)/float64(n)
		if pixel < 0 || pixel > float64(otherLength) {
			taps[i].first = -1
			continue
		}
		at := min(max(pixel*float64(m)/float64(otherLength)-0.5, 0), float64(m-1))
		first := int(at)
		taps[i] = tap{first, min(first+1, m-1), float32(at - float64(first))}
	}
	return taps
}
