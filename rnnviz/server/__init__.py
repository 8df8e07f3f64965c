"""The routes beside Streamlit's: live figures, files, pictures in other pages."""
