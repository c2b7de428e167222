package scene

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// list is a top-level array of a glTF document.
type list string

// The lists whose elements are combined. A document with another one (animations,
// cameras, skins) is refused.
const (
	accessors   list = "accessors"
	buffers     list = "buffers"
	bufferViews list = "bufferViews"
	images      list = "images"
	materials   list = "materials"
	meshes      list = "meshes"
	nodes       list = "nodes"
	samplers    list = "samplers"
	textures    list = "textures"
)

var lists = []list{accessors, buffers, bufferViews, images, materials, meshes, nodes, samplers, textures}

// document is a glTF document. Numbers are [json.Number], so that they keep
// their text.
type document struct {
	lists    map[list][]any
	used     []string // extensions
	required []string
	roots    []int // nodes of the scene
	asset    element
}

// parseDocument parses the JSON of a GLB whose BIN chunk has binSize bytes. The
// document's indexes are valid, its buffer views are in the BIN chunk, and its
// nodes are trees.
func parseDocument(text []byte, binSize int64) (*document, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var top element
	if err := decoder.Decode(&top); err != nil {
		return nil, fmt.Errorf("reading its JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("its JSON is followed by something else")
	}
	d := &document{lists: map[list][]any{}}
	if err := d.read(top); err != nil {
		return nil, err
	}
	if err := d.checkBuffers(binSize); err != nil {
		return nil, err
	}
	for _, r := range references {
		count := len(d.lists[r.to])
		err := d.each(r.of, r.path, func(index int) (int, error) {
			if index >= count {
				return 0, fmt.Errorf("%s refers to %d of %d %s", r.of, index, count, r.to)
			}
			return index, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return d, d.checkNodes()
}

// read takes the members of the document.
func (d *document) read(top element) error {
	var scenes []any
	for name, value := range top {
		switch {
		case slices.Contains(lists, list(name)):
			elements, ok := value.([]any)
			if !ok || slices.ContainsFunc(elements, func(e any) bool { _, ok := e.(element); return !ok }) {
				return fmt.Errorf("its %s are not a list of objects", name)
			}
			d.lists[list(name)] = elements
		case name == "scenes":
			scenes, _ = value.([]any)
		case name == "asset":
			d.asset, _ = value.(element)
		case name == "extensionsUsed" || name == "extensionsRequired":
			// The document's extensions are found where they are used.
		case name == "scene" || name == "extras":
		default:
			return fmt.Errorf("it has %.40q, which a scene cannot have", name)
		}
	}
	if d.asset["version"] != "2.0" {
		return fmt.Errorf("it is glTF %v, not 2.0", d.asset["version"])
	}
	if err := checkExtensions(top); err != nil {
		return err
	}
	var err error
	if d.used, err = names(top, "extensionsUsed"); err != nil {
		return err
	}
	if d.required, err = names(top, "extensionsRequired"); err != nil {
		return err
	}
	return d.readScene(top["scene"], scenes)
}

// readScene finds the nodes of the scene that is shown.
func (d *document) readScene(chosen any, scenes []any) error {
	index := 0
	if chosen != nil {
		var err error
		if index, err = asIndex(chosen); err != nil {
			return fmt.Errorf("its scene: %w", err)
		}
	}
	if index >= len(scenes) {
		return errors.New("it has no scene")
	}
	shown, _ := scenes[index].(element)
	for _, value := range asList(shown["nodes"]) {
		root, err := asIndex(value)
		if err != nil || root >= len(d.lists[nodes]) || slices.Contains(d.roots, root) {
			return fmt.Errorf("its scene has the node %v", value)
		}
		d.roots = append(d.roots, root)
	}
	if len(d.roots) == 0 {
		return errors.New("its scene is empty")
	}
	return nil
}

// checkBuffers checks that all data is in the BIN chunk.
func (d *document) checkBuffers(binSize int64) error {
	if len(d.lists[buffers]) > 1 {
		return errors.New("it has several buffers")
	}
	length := 0
	for _, b := range d.lists[buffers] {
		var err error
		length, err = asIndex(b.(element)["byteLength"])
		if _, elsewhere := b.(element)["uri"]; err != nil || elsewhere || int64(length) > binSize {
			return errors.New("its buffer is not in its BIN chunk")
		}
	}
	for i, v := range d.lists[bufferViews] {
		view := v.(element)
		offset, err := asIndex(orZero(view["byteOffset"]))
		size, sizeErr := asIndex(view["byteLength"])
		if err != nil || sizeErr != nil || offset > length || size > length-offset {
			return fmt.Errorf("its buffer view %d is not in its buffer", i)
		}
	}
	for _, i := range d.lists[images] {
		if _, elsewhere := i.(element)["uri"]; elsewhere {
			return errors.New("it has an image in another file")
		}
	}
	return nil
}

// checkNodes checks that the nodes are trees, whose roots include those of the
// scene.
func (d *document) checkNodes() error {
	parents := make([]int, len(d.lists[nodes])) // numbers of parents
	err := d.each(nodes, "children/*", func(child int) (int, error) {
		parents[child]++
		return child, nil
	})
	if err != nil {
		return err
	}
	for _, root := range d.roots {
		if parents[root] > 0 {
			return fmt.Errorf("its scene has the node %d, which has a parent", root)
		}
	}
	// The nodes that can be reached from those without a parent are all, unless
	// some are in a circle.
	var open []int
	for node, count := range parents {
		if count > 1 {
			return fmt.Errorf("its node %d has several parents", node)
		}
		if count == 0 {
			open = append(open, node)
		}
	}
	reached := 0
	for ; len(open) > 0; reached++ {
		node := d.lists[nodes][open[len(open)-1]].(element)
		open = open[:len(open)-1]
		for _, child := range asList(node["children"]) {
			index, _ := asIndex(child)
			open = append(open, index)
		}
	}
	if reached < len(parents) {
		return errors.New("its nodes have a circle")
	}
	return nil
}
