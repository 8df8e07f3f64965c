"""The Streamlit half of the program: pages' frame, controls, components and session."""
