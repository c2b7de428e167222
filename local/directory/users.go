package directory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// User is a user of the directory.
type User struct {
	// Name is the user name, and the sub of the user's tokens.
	Name string
	// Email is the address that Notify sends to; it counts as verified.
	Email string
}

// Fictitious returns the default users: testuser001 to testuser003 at
// example.com, a domain that RFC 2606 reserves for examples.
func Fictitious() []User {
	users := make([]User, 3)
	for i := range users {
		name := fmt.Sprintf("testuser%03d", i+1)
		users[i] = User{Name: name, Email: name + "@example.com"}
	}
	return users
}

// account is a registered user.
type account struct {
	User
	created time.Time
}

// register stores the accounts by name, which is also their sub.
type register struct {
	started  time.Time
	mu       sync.RWMutex
	accounts map[string]account
}

func newRegister(started time.Time) *register {
	return &register{started: started, accounts: map[string]account{}}
}

// Register adds a user, or replaces the one of that name. Users are not stored
// on disk.
func (d *Directory) Register(user User) error {
	if user.Name == "" {
		return errors.New("registering a user: the name is missing")
	}
	added := account{User: user, created: d.users.started}
	d.users.mu.Lock()
	defer d.users.mu.Unlock()
	d.users.accounts[user.Name] = added
	return nil
}

func (r *register) find(name string) (account, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	found, ok := r.accounts[name]
	return found, ok
}

// listed returns the users of the sign-in page, sorted by name.
func (r *register) listed() []account {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var list []account
	for _, a := range r.accounts {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b account) int { return strings.Compare(a.Name, b.Name) })
	return list
}
