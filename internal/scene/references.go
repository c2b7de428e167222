package scene

import (
	"fmt"
	"strings"
)

// reference is where elements of a list have the index of an element of another.
// The path consists of names of members. * is each member of an object or each
// element of an array, and *Texture each member with that suffix.
// https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html#properties-reference
var references = []struct {
	of   list
	path string
	to   list
}{
	{accessors, "bufferView", bufferViews},
	{accessors, "sparse/indices/bufferView", bufferViews},
	{accessors, "sparse/values/bufferView", bufferViews},
	{bufferViews, "buffer", buffers},
	{images, "bufferView", bufferViews},
	{materials, "*Texture/index", textures},
	{materials, "pbrMetallicRoughness/*Texture/index", textures},
	{materials, "extensions/*/*Texture/index", textures},
	{meshes, "primitives/*/attributes/*", accessors},
	{meshes, "primitives/*/indices", accessors},
	{meshes, "primitives/*/material", materials},
	{meshes, "primitives/*/targets/*/*", accessors},
	{nodes, "camera", "cameras"},
	{nodes, "children/*", nodes},
	{nodes, "mesh", meshes},
	{nodes, "skin", "skins"},
	{textures, "sampler", samplers},
	{textures, "source", images},
	{textures, "extensions/EXT_texture_webp/source", images},
	{textures, "extensions/KHR_texture_basisu/source", images},
}

// each replaces each index at a path of a list's elements by what f returns.
func (d *document) each(of list, path string, f func(int) (int, error)) error {
	steps := strings.Split(path, "/")
	for i, e := range d.lists[of] {
		if err := replace(e, steps, f); err != nil {
			return fmt.Errorf("its %s[%d]: %w", of, i, err)
		}
	}
	return nil
}

// replace replaces the indexes at a path under a value.
func replace(value any, steps []string, f func(int) (int, error)) error {
	apply := func(member any) (any, error) {
		if len(steps) > 1 {
			return member, replace(member, steps[1:], f)
		}
		index, err := asIndex(member)
		if err != nil {
			return nil, err
		}
		index, err = f(index)
		return number(int64(index)), err
	}
	suffix, some := strings.CutPrefix(steps[0], "*")
	var err error
	switch value := value.(type) {
	case element:
		for name, member := range value {
			if name == steps[0] || some && strings.HasSuffix(name, suffix) {
				if value[name], err = apply(member); err != nil {
					return fmt.Errorf("%.40s: %w", name, err)
				}
			}
		}
	case []any:
		for i, member := range value {
			if steps[0] == "*" {
				if value[i], err = apply(member); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
