package settings

import "testing"

func TestEveryKeyIsDocumented(t *testing.T) {
	for _, key := range Keys() {
		if key.Doc == "" {
			t.Errorf("%s has no documentation", key.Name)
		}
	}
}

func TestInstanceTypesWithTooLittleGPUMemoryAreRefused(t *testing.T) {
	for _, i := range instances {
		_, err := FindInstance(i.Type)
		if (err != nil) != (i.MemoryGB < 32) {
			t.Errorf("%s with %d GB: %v", i.Type, i.MemoryGB, err)
		}
	}
}
