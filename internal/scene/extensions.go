package scene

import (
	"errors"
	"fmt"
	"slices"
)

// extensions are the extensions that can be combined: they have no reference
// that is not in references. In those of a material, textures are in members
// named …Texture.
// https://github.com/KhronosGroup/glTF/blob/main/extensions/README.md
var extensions = []string{
	"EXT_texture_webp",
	"KHR_materials_clearcoat",
	"KHR_materials_emissive_strength",
	"KHR_materials_ior",
	"KHR_materials_sheen",
	"KHR_materials_specular",
	"KHR_materials_transmission",
	"KHR_materials_unlit",
	"KHR_materials_volume",
	"KHR_mesh_quantization",
	"KHR_texture_basisu",
	"KHR_texture_transform",
}

// names returns a list of extensions.
func names(top element, name string) (found []string, err error) {
	for _, value := range asList(top[name]) {
		extension, _ := value.(string)
		if !slices.Contains(extensions, extension) {
			return nil, fmt.Errorf("it has the extension %.40q, which a scene cannot have", extension)
		}
		found = append(found, extension)
	}
	return found, nil
}

// checkExtensions refuses extensions that a scene cannot have, in every element.
func checkExtensions(value any) error {
	switch value := value.(type) {
	case element:
		for name, member := range value {
			if name == "extras" {
				continue
			}
			if name == "extensions" {
				found, ok := member.(element)
				if !ok {
					return errors.New("its extensions are not an object")
				}
				for extension := range found {
					if !slices.Contains(extensions, extension) {
						return fmt.Errorf("it has the extension %.40q, which a scene cannot have", extension)
					}
				}
			}
			if err := checkExtensions(member); err != nil {
				return err
			}
		}
	case []any:
		for _, member := range value {
			if err := checkExtensions(member); err != nil {
				return err
			}
		}
	}
	return nil
}
