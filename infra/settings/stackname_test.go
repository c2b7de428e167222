package settings

import "testing"

func TestStackNameMakesValidNames(t *testing.T) {
	for _, stack := range []string{"dev", "prod", "a", "team-2", "12345678901234567890"} {
		if err := CheckStackName(stack); err != nil {
			t.Errorf("%s: %v", stack, err)
		}
		if name := (Environment{Stack: stack, Account: "123456789012"}).SignInPrefix(); len(name) > 63 {
			t.Errorf("%s has %d characters", name, len(name))
		}
	}
	for _, stack := range []string{"", "Dev", "my_stack", "-a", "a-", "a.b", "123456789012345678901", "laws", "amazon", "my-cognito"} {
		if CheckStackName(stack) == nil {
			t.Errorf("%q is accepted", stack)
		}
	}
}
