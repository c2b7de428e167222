package endpoint

// Instances returns the current and the desired number of instances.
func (e *Endpoint) Instances() (current, desired int) {
	current, desired, _ = e.scaling.counts()
	return current, desired
}

// Ask sets the desired number of instances, as an update does.
func (e *Endpoint) Ask(desired int) bool { return e.scaling.ask(desired, e.deps.Now()) }
