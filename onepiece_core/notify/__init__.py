"""Tell people what happened: messages that wait in the journal until they are sent, and rules that make them."""
