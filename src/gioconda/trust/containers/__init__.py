"""What the containers of pictures, sound and video can say of themselves in plain metadata."""
